//! What the project needs from the machine: one row a tool. To add one, add a row.

use Need::{Bench, Build, Clients, Lint, Model};
use Probe::{Answers, Compiler, Library, OnPath};
use Source::{Line, Package};

/// What a tool is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compiling and testing what exists.
    Build,
    /// Compiling llama.cpp, which the agent will run models with.
    Model,
    /// Peers and corpora of `cargo xtask bench`.
    Bench,
    /// Fetching the checkers of `cargo xtask lint`.
    Lint,
    /// Fetching the MCP clients of others that tests run against our server.
    Clients,
}

impl Need {
    pub(crate) const ALL: &[Need] = &[Build, Model, Bench, Lint, Clients];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Build => "build",
            Model => "model",
            Bench => "bench",
            Lint => "lint",
            Clients => "clients",
        }
    }
}

/// How to see that a tool is there.
pub(crate) enum Probe {
    /// One of these programs is on `PATH`.
    OnPath(&'static [&'static str]),
    /// The variable names a program, or one of these is on `PATH`, or Visual Studio's C++ tools are installed.
    Compiler { variable: &'static str, names: &'static [&'static str] },
    /// One of these programs succeeds with these arguments and its output contains this text.
    Answers { names: &'static [&'static str], arguments: &'static [&'static str], text: &'static str },
    /// A shared library of this name lies where LLVM or the system keep theirs.
    Library(&'static str),
}

/// How one package manager gets the tool.
pub(crate) enum Source {
    /// Names of packages, separated by spaces.
    Package(&'static str),
    /// A whole command, where it is no package.
    Line(&'static str),
}

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) probe: Probe,
    pub(crate) apt: Source,
    pub(crate) dnf: Source,
    pub(crate) brew: Source,
    pub(crate) winget: Source,
}

const VISUAL_STUDIO: Source = Line(
    "winget install -e --id Microsoft.VisualStudio.2022.BuildTools --override \
     \"--passive --wait --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended\"",
);

pub(crate) const TOOLS: &[Tool] = &[
    Tool {
        name: "cc",
        purpose: "C compiler, for the tree-sitter grammars",
        needs: &[Build, Model],
        probe: Compiler { variable: "CC", names: &["cc", "gcc", "clang"] },
        apt: Package("gcc libc6-dev"),
        dnf: Package("gcc"),
        brew: Line("xcode-select --install"),
        winget: VISUAL_STUDIO,
    },
    Tool {
        name: "c++",
        purpose: "C++ compiler, for llama.cpp",
        needs: &[Model],
        probe: Compiler { variable: "CXX", names: &["c++", "g++", "clang++"] },
        apt: Package("g++"),
        dnf: Package("gcc-c++"),
        brew: Line("xcode-select --install"),
        winget: VISUAL_STUDIO,
    },
    Tool {
        name: "cmake",
        purpose: "configures llama.cpp",
        needs: &[Model],
        probe: OnPath(&["cmake"]),
        apt: Package("cmake make"),
        dnf: Package("cmake make"),
        brew: Package("cmake"),
        winget: Package("Kitware.CMake"),
    },
    Tool {
        name: "libclang",
        purpose: "reads llama.cpp's headers",
        needs: &[Model],
        probe: Library("clang"),
        apt: Package("libclang-dev"),
        dnf: Package("clang-devel"),
        brew: Package("llvm"),
        winget: Package("LLVM.LLVM"),
    },
    Tool {
        name: "python3",
        purpose: "fetches checkers, MCP clients and the Python corpus of `bench`, with pip and venv",
        needs: &[Bench, Lint, Clients],
        probe: Answers {
            names: &["python3", "python"],
            arguments: &["-c", "import ensurepip, venv; print('usable')"],
            text: "usable",
        },
        apt: Package("python3 python3-pip python3-venv"),
        dnf: Package("python3 python3-pip"),
        brew: Package("python"),
        winget: Package("Python.Python.3.13"),
    },
    Tool {
        name: "node",
        purpose: "runs the type checkers that `bench` compares with",
        needs: &[Bench],
        probe: OnPath(&["node"]),
        apt: Package("nodejs"),
        dnf: Package("nodejs"),
        brew: Package("node"),
        winget: Package("OpenJS.NodeJS.LTS"),
    },
    Tool {
        name: "npm",
        purpose: "fetches the TypeScript corpus and the type checkers of `bench`",
        needs: &[Bench],
        probe: OnPath(&["npm"]),
        apt: Package("npm"),
        dnf: Package("nodejs-npm"),
        brew: Package("node"),
        winget: Package("OpenJS.NodeJS.LTS"),
    },
    Tool {
        name: "ctags",
        purpose: "Universal Ctags, which `bench` runs beside the index",
        needs: &[Bench],
        probe: Answers { names: &["ctags"], arguments: &["--version"], text: "Universal Ctags" },
        apt: Package("universal-ctags"),
        dnf: Package("ctags"),
        brew: Package("universal-ctags"),
        winget: Package("UniversalCtags.Ctags"),
    },
    Tool {
        name: "rg",
        purpose: "ripgrep, which `bench` runs beside the text search",
        needs: &[Bench],
        probe: OnPath(&["rg"]),
        apt: Package("ripgrep"),
        dnf: Package("ripgrep"),
        brew: Package("ripgrep"),
        winget: Package("BurntSushi.ripgrep.MSVC"),
    },
];

/// The tools needed for any of `needs`, in table order.
pub(crate) fn needed_for(needs: &[Need]) -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| tool.needs.iter().any(|need| needs.contains(need))).collect()
}
