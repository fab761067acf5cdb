//! Holding a model against its checksums, and deleting one.

use super::{Here, Named, answer, answer_json};
use anyhow::Result;
use devtoolkit_agent::gguf::{self, ModelFacts};
use devtoolkit_agent::model_store::{Kept, Sum};
use devtoolkit_agent::placement::Size;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) fn verify(here: &Here, named: &Named) -> Result<ExitCode> {
    let kept = named.find(here)?;
    // A head that cannot be read is told of before gigabytes are hashed.
    ModelFacts::of(&gguf::open_model(&kept.files[0])?)?;
    let sums = hashed(&kept)?;
    let is_wrong = sums.iter().any(|(_, sum)| matches!(sum, Sum::Wrong { .. }));
    if here.json {
        answer_json(
            &json!({ "name": kept.name, "right": !is_wrong, "files": sums.iter().map(sum_json).collect::<Vec<_>>() }),
        )?;
    } else {
        let mut text: String = sums.iter().map(sum_line).collect();
        if is_wrong {
            let name = &kept.name;
            text.push_str(&format!(
                "remove it and get it again: devtoolkit-agent model remove {name}; devtoolkit-agent model pull {name}\n"
            ));
        }
        answer(&text)?;
    }
    Ok(if is_wrong { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn hashed(kept: &Kept) -> Result<Vec<(PathBuf, Sum)>> {
    let bar = ProgressBar::new(kept.bytes);
    let style = "reading {bytes} of {total_bytes}, {eta} left [{wide_bar}]";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant"));
    let sums = kept.verify(|bytes| bar.inc(bytes));
    bar.finish_and_clear();
    Ok(sums?)
}

fn sum_line((file, sum): &(PathBuf, Sum)) -> String {
    let file = file.display();
    match sum {
        Sum::Right(sum) => format!("right    {sum}  {file}\n"),
        Sum::Wrong { found, wanted } => format!("WRONG    {found}  {file}\n         {wanted}  is right\n"),
        Sum::Unknown(sum) => {
            format!(
                "unknown  {sum}  {file}\n         nothing here says what is right; compare it with the publisher's\n"
            )
        }
    }
}

fn sum_json((file, sum): &(PathBuf, Sum)) -> Value {
    let (state, sha256, wanted) = match sum {
        Sum::Right(sum) => ("right", sum, None),
        Sum::Wrong { found, wanted } => ("wrong", found, Some(wanted)),
        Sum::Unknown(sum) => ("unknown", sum, None),
    };
    json!({ "path": file, "state": state, "sha256": sha256, "expected": wanted })
}

pub(super) fn remove(here: &Here, name: &str) -> Result<ExitCode> {
    let kept = here.store.find(&here.catalogue, name)?;
    let freed = here.store.remove(&kept)?;
    if here.json {
        answer_json(&json!({ "name": kept.name, "freed": freed }))?;
    } else {
        answer(&format!("removed {}, {} freed\n", kept.name, Size(freed)))?;
    }
    Ok(ExitCode::SUCCESS)
}
