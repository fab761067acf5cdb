//! Which packages are measured on, and in which versions.

use super::{SampleLanguage, Source, Spec};

const SCRIPT: &[&str] = &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// The large Python tree: 38.6 MB.
pub(crate) const HOMEASSISTANT: Spec = wheel("homeassistant", "2025.4.4");

/// The large TypeScript tree: the sources of all packages of one Theia release that carry more than 10 KB of
/// them.
pub(crate) const THEIA: Spec = npm("theia", "1.74.1", &THEIA_PACKAGES);

/// Trees whose definitions and references are compared with a type checker's. Typed and untyped Python,
/// functions and classes, `__init__` re-exports and wildcard imports; TypeScript with barrels, dependency
/// injection, TSX and a `tsconfig` with `paths`; plain JavaScript with classes.
pub(crate) const SAMPLES: [Spec; 9] = [
    wheel("rich", "15.0.0"),
    wheel("httpx", "0.28.1"),
    wheel("werkzeug", "3.1.9"),
    wheel("django", "6.1.3"),
    npm("rxjs", "7.8.2", &["rxjs"]),
    Spec { added: &[("tsconfig.json", ZOD_PATHS)], ..npm("zod", "4.6.7", &["zod"]) },
    npm("theia-core", "1.74.1", &["@theia/core"]),
    Spec {
        added: &[("tsconfig.json", TOOLKIT_PATHS)],
        ..npm("redux-toolkit", "2.14.0", &["@reduxjs/toolkit"])
    },
    npm("three", "0.180.0", &["three"]),
];

// Both packages' sources import their own package by name.
const ZOD_PATHS: &str = r#"{
  "compilerOptions": {
    "baseUrl": ".",
    "paths": { "zod": ["./src/index.ts"], "zod/*": ["./src/*"] }
  }
}
"#;

const TOOLKIT_PATHS: &str = r#"{
  // Comments and trailing commas are allowed here.
  "compilerOptions": {
    "baseUrl": ".",
    "paths": {
      "@reduxjs/toolkit": ["src/index.ts"],
      "@reduxjs/toolkit/react": ["src/react/index.ts"],
      "@reduxjs/toolkit/query": ["src/query/index.ts"],
      "@reduxjs/toolkit/query/react": ["src/query/react/index.ts"],
      "@internal/*": ["src/*"],
    },
  },
}
"#;

#[rustfmt::skip]
const THEIA_PACKAGES: [&str; 78] = [
    "@theia/ai-anthropic", "@theia/ai-chat", "@theia/ai-chat-ui", "@theia/ai-claude-code",
    "@theia/ai-code-completion", "@theia/ai-codex", "@theia/ai-copilot", "@theia/ai-core",
    "@theia/ai-editor", "@theia/ai-google", "@theia/ai-history", "@theia/ai-huggingface", "@theia/ai-ide",
    "@theia/ai-llamafile", "@theia/ai-mcp", "@theia/ai-mcp-server", "@theia/ai-mcp-ui", "@theia/ai-ollama",
    "@theia/ai-openai", "@theia/ai-scanoss", "@theia/ai-terminal", "@theia/application-manager",
    "@theia/application-package", "@theia/bulk-edit", "@theia/callhierarchy", "@theia/cli",
    "@theia/collaboration", "@theia/console", "@theia/core", "@theia/debug", "@theia/dev-container",
    "@theia/editor", "@theia/editor-preview", "@theia/external-terminal", "@theia/ffmpeg",
    "@theia/file-search", "@theia/filesystem", "@theia/getting-started", "@theia/keymaps",
    "@theia/localization-manager", "@theia/markers", "@theia/memory-inspector", "@theia/messages",
    "@theia/metrics", "@theia/mini-browser", "@theia/monaco", "@theia/navigator", "@theia/notebook",
    "@theia/outline-view", "@theia/output", "@theia/ovsx-client", "@theia/playwright", "@theia/plugin",
    "@theia/plugin-dev", "@theia/plugin-ext", "@theia/plugin-ext-headless", "@theia/plugin-ext-vscode",
    "@theia/plugin-metrics", "@theia/preferences", "@theia/process", "@theia/property-view",
    "@theia/remote", "@theia/remote-wsl", "@theia/request", "@theia/scanoss", "@theia/scm",
    "@theia/scm-extra", "@theia/search-in-workspace", "@theia/task", "@theia/terminal",
    "@theia/terminal-manager", "@theia/test", "@theia/timeline", "@theia/toolbar", "@theia/typehierarchy",
    "@theia/variable-resolver", "@theia/vsx-registry", "@theia/workspace",
];

const fn wheel(name: &'static str, version: &'static str) -> Spec {
    Spec {
        name,
        version,
        language: SampleLanguage::Python,
        source: Source::Wheel,
        keep: &["py", "pyi"],
        added: &[],
    }
}

const fn npm(name: &'static str, version: &'static str, packages: &'static [&'static str]) -> Spec {
    Spec {
        name,
        version,
        language: SampleLanguage::TypeScript,
        source: Source::Npm(packages),
        keep: SCRIPT,
        added: &[],
    }
}
