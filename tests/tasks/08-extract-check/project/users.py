"""Users and their addresses, in memory."""

from dataclasses import dataclass, field
from typing import Optional

BLOCKED = {"example.com", "mailinator.com"}


class UserError(Exception):
    """What a person entered cannot be used."""


@dataclass
class User:
    name: str
    address: str
    groups: list[str] = field(default_factory=list)


class Users:
    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def create(self, name: str, address: str) -> User:
        """A new user.

        Raises UserError where the name is taken or the address cannot be used.
        """
        name = name.strip()
        if not name:
            raise UserError("a user needs a name")
        if name in self._users:
            raise UserError(f"there is a user `{name}` already")
        address = address.strip().lower()
        local, at, domain = address.partition("@")
        if not at or not local or "." not in domain:
            raise UserError(f"`{address}` is no e-mail address")
        if domain in BLOCKED:
            raise UserError(f"addresses of `{domain}` are not taken")
        user = User(name, address)
        self._users[name] = user
        return user

    def change_address(self, name: str, address: str) -> User:
        """Gives a user another address.

        Raises UserError where there is no such user or the address cannot be used.
        """
        user = self.find(name)
        if user is None:
            raise UserError(f"there is no user `{name}`")
        address = address.strip().lower()
        local, at, domain = address.partition("@")
        if not at or not local or "." not in domain:
            raise UserError(f"`{address}` is no e-mail address")
        if domain in BLOCKED:
            raise UserError(f"addresses of `{domain}` are not taken")
        user.address = address
        return user

    def find(self, name: str) -> Optional[User]:
        return self._users.get(name)

    def in_group(self, group: str) -> list[User]:
        return [user for user in self._users.values() if group in user.groups]
