//! The models of an agent, by the names that a person uses: files on this machine, servers of `agent.toml`, scripts.

#![expect(clippy::disallowed_methods, reason = "the person's settings and scripts are read here")]

use super::opening::{OpeningArguments, person};
use anyhow::{Context, Result};
use devtoolkit_agent::agent::{FindModel, Models};
use devtoolkit_agent::guarded::Guarded;
use devtoolkit_agent::protocol::Problem;
use devtoolkit_agent::provider::Provider;
use devtoolkit_agent::provider::http::{Http, HttpModel, Key, Patience};
use devtoolkit_agent::provider::replay::Replay;
use devtoolkit_agent::settings::{Server, Settings};
use std::collections::HashMap;
use std::env;
use std::fs;
use std::sync::{Arc, Weak};

/// The models of the person's flags and settings, and the settings.
///
/// # Errors
/// When settings or a script cannot be read, or the model that was named cannot be used.
pub(crate) fn models(arguments: &OpeningArguments) -> Result<(Models, Settings)> {
    let settings = settings()?;
    let finder = Finder::new(settings.clone());
    if let Some(script) = &arguments.replay {
        let text = fs::read_to_string(script)
            .with_context(|| format!("cannot read the script `{}`", script.display()))?;
        let replay = Replay::read(&text).with_context(|| format!("`{}`", script.display()))?;
        return Ok((Models::new(Arc::new(replay), finder.into_find()), settings));
    }
    let name = arguments.model.clone().or_else(|| settings.model.clone());
    let name = match name {
        Some(name) => name,
        None => finder.usual()?,
    };
    let model = finder.find(&name).map_err(in_words)?;
    let models = Models::new(model, finder.into_find());
    for (role, name) in settings.roles.iter().filter(|_| arguments.model.is_none()) {
        models.set(Some(role), name).map_err(in_words)?;
    }
    Ok((models, settings))
}

fn in_words(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{}: {}; {}", problem.what, problem.why, problem.next)
}

/// `agent.toml` in the person's folder for configurations.
fn settings() -> Result<Settings> {
    let Some(file) = person().config_folder().map(|folder| folder.join("agent.toml")) else {
        return Ok(Settings::default());
    };
    if !file.exists() {
        return Ok(Settings::default());
    }
    let shown = file.display().to_string();
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read `{shown}`"))?;
    Ok(Settings::parse(&text, &shown)?)
}

/// Finds models by name; the same name gives the same model as long as it is in use.
struct Finder {
    settings: Settings,
    found: Guarded<HashMap<String, Weak<dyn Provider>>>,
    #[cfg(feature = "llama")]
    local: local::Local,
}

impl Finder {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            found: Guarded::default(),
            #[cfg(feature = "llama")]
            local: local::Local,
        }
    }

    fn into_find(self) -> FindModel {
        Box::new(move |name| self.find(name))
    }

    fn find(&self, name: &str) -> Result<Arc<dyn Provider>, Problem> {
        let mut found = self.found.lock();
        if let Some(model) = found.get(name).and_then(Weak::upgrade) {
            return Ok(model);
        }
        found.retain(|_, model| model.strong_count() > 0);
        let model = match self.settings.servers.get(name) {
            Some(server) => of_server(name, server)?,
            None => self.of_here(name)?,
        };
        found.insert(name.to_owned(), Arc::downgrade(&model));
        Ok(model)
    }

    #[cfg(feature = "llama")]
    fn of_here(&self, name: &str) -> Result<Arc<dyn Provider>, Problem> {
        self.local.find(name)
    }

    #[cfg(not(feature = "llama"))]
    #[expect(clippy::unused_self, reason = "as with the embedded model")]
    fn of_here(&self, name: &str) -> Result<Arc<dyn Provider>, Problem> {
        Err(Problem {
            what: format!("there is no model `{name}`"),
            why: "this build has no embedded model, and no server of `agent.toml` has this name".to_owned(),
            next: "add a server to `agent.toml`, or take a build with the feature `llama`".to_owned(),
        })
    }

    /// The model that is used where none is named.
    #[cfg(feature = "llama")]
    fn usual(&self) -> Result<String> {
        self.local.usual()
    }

    #[cfg(not(feature = "llama"))]
    #[expect(clippy::unused_self, reason = "as with the embedded model")]
    fn usual(&self) -> Result<String> {
        anyhow::bail!("no model is named: pass --model, or set `model` in `agent.toml`")
    }
}

fn of_server(name: &str, server: &Server) -> Result<Arc<dyn Provider>, Problem> {
    let problem = |why: String, next: &str| Problem {
        what: format!("the server `{name}` of `agent.toml` cannot be used"),
        why,
        next: next.to_owned(),
    };
    let key = match (&server.key_env, server.key_command.as_slice()) {
        (Some(variable), _) => {
            let value = env::var(variable).map_err(|error| {
                problem(format!("`{variable}`: {error}"), "set the variable to the server's key")
            })?;
            Some((value, format!("the variable `{variable}`")))
        }
        (None, [program, arguments @ ..]) => {
            let printed = printed(program, arguments).map_err(|why| {
                problem(format!("`{program}`: {why}"), "mend `key_command` in `agent.toml`")
            })?;
            Some((printed, format!("the program `{program}`")))
        }
        (None, []) => None,
    };
    let key = key.map(|(value, from)| Key::new(&value, from)).transpose();
    let key = key.map_err(|error| problem(error.to_string(), "mend the key"))?;
    let Server { url, model, context, allow_plain, .. } = server.clone();
    let model = HttpModel {
        base_url: url,
        model,
        key,
        context,
        temperature: None,
        headers: Vec::new(),
        allow_plain,
        patience: Patience::default(),
    };
    let http = Http::new(model).map_err(|error| problem(error.to_string(), "mend `agent.toml`"))?;
    Ok(Arc::new(http))
}

/// The first line that a program prints.
fn printed(program: &str, arguments: &[String]) -> Result<String, String> {
    let output =
        std::process::Command::new(program).args(arguments).stdin(std::process::Stdio::null()).output();
    let output = output.map_err(|error| format!("it cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("it failed ({})", output.status));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| "what it prints is no text".to_owned())?;
    text.lines().next().map(|line| line.trim().to_owned()).ok_or_else(|| "it prints nothing".to_owned())
}

/// Models on this machine.
#[cfg(feature = "llama")]
mod local {
    use crate::cli::model::{catalogue, models_folder, with_cards};
    use anyhow::{Result, bail};
    use devtoolkit_agent::loading::Loading;
    use devtoolkit_agent::machine::Machine;
    use devtoolkit_agent::model_store::ModelStore;
    use devtoolkit_agent::placement::Wish;
    use devtoolkit_agent::protocol::Problem;
    use devtoolkit_agent::provider::Provider;
    use devtoolkit_agent::provider::embedded::Embedded;
    use devtoolkit_agent::provider::llama::{Llama, Process};
    use devtoolkit_agent::tuning::Tunings;
    use std::env;
    use std::sync::Arc;
    use std::time::Duration;

    /// How long a model stays loaded that nobody asks.
    const IDLE: Duration = Duration::from_secs(600);

    pub(super) struct Local;

    impl Local {
        pub(super) fn find(&self, name: &str) -> Result<Arc<dyn Provider>, Problem> {
            load(name).map_err(|error| Problem {
                what: format!("the model `{name}` cannot be used"),
                why: format!("{error:#}"),
                next: "`devtoolkit-agent model list` shows which there are, `model pull` brings one"
                    .to_owned(),
            })
        }

        /// The first model that is here.
        pub(super) fn usual(&self) -> Result<String> {
            let store = ModelStore::new(models_folder(None)?);
            match store.list()?.first() {
                Some(kept) => Ok(kept.name.clone()),
                None => bail!(
                    "there is no model in `{}`; `devtoolkit-agent model recommend` says which suit this machine, and `model pull \
                     NAME` brings one",
                    store.folder().display()
                ),
            }
        }
    }

    fn load(name: &str) -> Result<Arc<dyn Provider>> {
        let store = ModelStore::new(models_folder(None)?);
        let (catalogue, tunings) = (catalogue()?, Tunings::read(&store));
        let machine = with_cards(Machine::here(), &[]);
        let loading = Loading { store: &store, catalogue: &catalogue, machine: &machine, tunings: &tunings };
        let loadable = loading.named(name, &Wish::default())?;
        let mut load = loadable.load;
        load.keep = store.folder().parent().map(|cache| cache.join("prefixes"));
        let context = load.context;
        let mut process = Process::new(env::current_exe()?);
        // What is odd about a file was told when it was pulled or looked at.
        process.arguments = ["--log", "error"].map(str::to_owned).to_vec();
        let llama = Llama::new(process, load, IDLE);
        let reads = loadable.tuned.map(|tuned| tuned.prefill);
        Ok(Arc::new(Embedded::new(name.to_owned(), llama, context, reads)))
    }
}
