import unittest

from users import UserError, Users


class UsersTest(unittest.TestCase):
    def setUp(self):
        self.users = Users()
        self.users.create("ada", " Ada@Lovelace.org ")

    def test_create(self):
        self.assertEqual(self.users.find("ada").address, "ada@lovelace.org")
        with self.assertRaises(UserError):
            self.users.create("ada", "other@lovelace.org")

    def test_wrong_addresses(self):
        for address in ("ada", "@lovelace.org", "ada@lovelace", "ada@example.com"):
            with self.assertRaises(UserError):
                self.users.create("bob", address)

    def test_change(self):
        self.users.change_address("ada", "a@l.org")
        self.assertEqual(self.users.find("ada").address, "a@l.org")
        with self.assertRaises(UserError):
            self.users.change_address("bob", "b@l.org")

    def test_groups(self):
        self.users.find("ada").groups.append("staff")
        self.assertEqual([user.name for user in self.users.in_group("staff")], ["ada"])


if __name__ == "__main__":
    unittest.main()
