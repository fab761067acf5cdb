//! Where people keep what no command is to read: keys, tokens, sessions. One list for every tier.

use std::path::{Path, PathBuf};

/// Below the home folder.
const OF_HOME: &[&str] = &[
    ".1password",
    ".android/adbkey",
    ".ansible",
    ".aws",
    ".azure",
    ".bash_history",
    ".boto",
    ".bw",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".config/1Password",
    ".config/BraveSoftware",
    ".config/Bitwarden",
    ".config/Bitwarden CLI",
    ".config/Code",
    ".config/Cursor",
    ".config/Element",
    ".config/Signal",
    ".config/Slack",
    ".config/age",
    ".config/asciinema",
    ".config/chromium",
    ".config/composer/auth.json",
    ".config/configstore",
    ".config/containers/auth.json",
    ".config/devtoolkit",
    ".config/discord",
    ".config/doctl",
    ".config/fish/fish_variables",
    ".config/gcloud",
    ".config/gh",
    ".config/git/credentials",
    ".config/github-copilot",
    ".config/glab-cli",
    ".config/google-chrome",
    ".config/goa-1.0",
    ".config/heroku",
    ".config/hub",
    ".config/keybase",
    ".config/kwalletd",
    ".config/microsoft-edge",
    ".config/ngrok",
    ".config/netlify",
    ".config/op",
    ".config/opera",
    ".config/pip/pip.conf",
    ".config/rclone",
    ".config/remmina",
    ".config/sops",
    ".config/vivaldi",
    ".config/vercel",
    ".claude",
    ".claude.json",
    ".codex",
    ".composer/auth.json",
    ".databrickscfg",
    ".dbus",
    ".docker",
    ".electrum",
    ".ethereum",
    ".bitcoin",
    ".fly",
    ".gem/credentials",
    ".gemini",
    ".gnupg",
    ".gradle/gradle.properties",
    ".git-credentials",
    ".histfile",
    ".huggingface/token",
    ".cache/huggingface/token",
    ".influxdbv2",
    ".jupyter/jupyter_server_config.json",
    ".kaggle",
    ".kube",
    ".lesshst",
    ".local/share/Bitwarden",
    ".local/share/TelegramDesktop",
    ".local/share/devtoolkit",
    ".local/share/fish/fish_history",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".local/share/password-store",
    ".local/state/devtoolkit",
    ".m2/settings-security.xml",
    ".m2/settings.xml",
    ".minio",
    ".mozilla",
    ".mysql_history",
    ".my.cnf",
    ".mylogin.cnf",
    ".netrc",
    ".node_repl_history",
    ".npmrc",
    ".nuget/NuGet/NuGet.Config",
    ".oci",
    ".password-store",
    ".pgpass",
    ".pip/pip.conf",
    ".pki",
    ".psql_history",
    ".pulumi/credentials.json",
    ".pypirc",
    ".python_history",
    ".rediscli_history",
    ".s3cfg",
    ".snowflake",
    ".sqlite_history",
    ".ssh",
    ".step",
    ".subversion/auth",
    ".terraform.d/credentials.tfrc.json",
    ".terraformrc",
    ".thunderbird",
    ".vault-token",
    ".viminfo",
    ".vscode-server/data",
    ".wget-hsts",
    ".yarnrc.yml",
    ".zhistory",
    ".zsh_history",
    ".zsh_sessions",
    "Library/Application Support/BraveSoftware",
    "Library/Application Support/Firefox",
    "Library/Application Support/Google/Chrome",
    "Library/Application Support/devtoolkit",
    "Library/Cookies",
    "Library/Keychains",
    "Library/Mail",
    "Library/Messages",
    "Library/Safari",
    "snap/chromium",
    "snap/firefox",
    ".var/app",
];

/// Anywhere else. They matter most where the server runs as root.
const OF_SYSTEM: &[&str] = &[
    "/boot",
    "/etc/NetworkManager/system-connections",
    "/etc/docker/key.json",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/kubernetes",
    "/etc/krb5.keytab",
    "/etc/letsencrypt",
    "/etc/ppp",
    "/etc/rancher",
    "/etc/security/opasswd",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/wireguard",
    "/root",
    "/sys/firmware",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
    "/var/backups",
    "/var/lib/NetworkManager",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/lib/libvirt",
    "/var/lib/private",
    "/var/lib/rancher",
    "/var/lib/systemd/coredump",
    "/var/log",
    "/var/mail",
    "/var/spool",
];

/// Programs that many people share, kept where homes are.
const SHARED_HOME: &str = "linuxbrew";

/// What may be there to be hidden, given the home folder and those of other people. A folder that holds `home` is
/// never among them.
pub(super) fn places(home: Option<&Path>, homes: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = OF_SYSTEM.iter().map(PathBuf::from).collect();
    places
        .extend(homes.into_iter().filter(|other| other.file_name().is_some_and(|name| name != SHARED_HOME)));
    places.retain(|place| home.is_none_or(|home| !home.starts_with(place)));
    places.extend(home.iter().flat_map(|home| OF_HOME.iter().map(|name| home.join(name))));
    places
}

#[cfg(test)]
mod tests {
    use super::places;
    use std::path::{Path, PathBuf};

    #[test]
    fn other_homes_are_hidden_but_not_ones_own() {
        let homes = ["/home/ada", "/home/eve", "/home/linuxbrew"].map(PathBuf::from);
        let hidden = places(Some(Path::new("/home/ada")), homes);
        let is_hidden = |path: &str| hidden.iter().any(|place| Path::new(path).starts_with(place));
        for path in ["/home/ada/.ssh/id_rsa", "/home/eve/notes", "/root/.netrc", "/etc/shadow"] {
            assert!(is_hidden(path), "{path}");
        }
        for path in ["/home/ada/.cargo/bin/cargo", "/home/linuxbrew/bin/node", "/etc/passwd"] {
            assert!(!is_hidden(path), "{path}");
        }
        assert!(!places(Some(Path::new("/root")), []).contains(&PathBuf::from("/root")));
    }
}
