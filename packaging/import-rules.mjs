/**
 * Who may import whom (design 5), as a table with a sentence for whoever it stops; biome.json is rendered from it by
 * `npm run docs`, and test/packaging plants one fault for each row. Later rows win over earlier ones for the same file.
 */
const removes = {
  group: ["node:fs", "node:fs/promises"],
  importNamePattern: "(unlink|rm|rmdir|rename|truncate|ftruncate)(Sync)?|default|\\*",
  message:
    "Only children/sweeper.ts, cleanup and the own files of store, sinks, status and cli/except remove, rename or cut files; and node:fs is imported by name, so that this can be seen.",
};
const puts = {
  group: ["**/cli/**", "**/daemon/**"],
  message: "cli and daemon put the parts together; nothing imports them.",
};
const world = {
  group: [
    "fs",
    "child_process",
    "net",
    "http",
    "https",
    "dgram",
    "tls",
    "os",
    "tty",
    "worker_threads",
    "process",
  ].flatMap((name) => [`node:${name}`, `node:${name}/**`]),
  message: "This folder is pure: what it needs of the world comes in as a parameter, from host, probe or collectors.",
};
const clock = {
  group: ["node:timers", "node:timers/**", "node:perf_hooks"],
  message: "This folder is pure: the time comes in as a parameter.",
};
const chance = {
  group: ["node:crypto"],
  importNamePattern: "createHash",
  invertImportNamePattern: true,
  message: "This folder is pure: of node:crypto only createHash, which computes; randomness comes in as a parameter.",
};
const pure = [world, clock, chance, puts];
const impureGlobals = [
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "crypto",
  "process",
  "fetch",
];

/** Of our folders only these. */
function only(folders, message) {
  return { group: ["../**", ...folders.map((folder) => `!../${folder}/**`)], message };
}
const single = {
  group: ["**/checks/*.ts", "!**/checks/index.ts", "!**/checks/check-kind.ts"],
  message: "evaluate sees the registry of checks, never a single check.",
};
const child = "A child imports one subject and host: it runs with another identity and must hold little.";

/** [what it is about, patterns, pure?] */
export const rows = [
  ["agent/**", [removes, puts]],
  ["agent/facts/**", [...pure, only([], "facts are the shapes that all share: they import nothing of ours.")], "pure"],
  [
    "agent/documents/**",
    [...pure, only(["facts", "checks"], "documents know facts and the shape of a check kind, nothing else of ours.")],
    "pure",
  ],
  ["agent/shells/**", [...pure, only(["facts"], "A shell is a value: it knows facts, nothing else of ours.")], "pure"],
  [
    "agent/startup/**",
    [...pure, only(["facts", "shells"], "startup reads text by a shell's rules: it knows facts and shells.")],
    "pure",
  ],
  [
    "agent/checks/**",
    [...pure, only(["facts"], "A check sees facts, never a shell or anything else of ours.")],
    "pure",
  ],
  [
    "agent/evaluate/**",
    [
      ...pure,
      single,
      only(
        ["facts", "documents", "checks"],
        "evaluate turns facts and documents into verdicts; it knows nothing of how they came.",
      ),
    ],
    "pure",
  ],
  [
    "agent/drift/**",
    [
      ...pure,
      only(["facts", "evaluate"], "drift turns verdicts and state into events; it knows nothing of how they came."),
    ],
    "pure",
  ],
  [
    "agent/host/**",
    [
      removes,
      only(["facts"], "host says what the kernel and the name service say; of ours it knows only the shapes of facts."),
    ],
  ],
  [
    "agent/probe/**",
    [
      removes,
      only(
        ["facts", "host", "shells", "startup", "documents", "checks"],
        "probe runs a shell and says what came of it; it does not judge, keep or tell.",
      ),
    ],
  ],
  [
    "agent/collectors/**",
    [
      removes,
      only(
        ["facts", "host", "shells", "startup"],
        "collectors gather facts that no shell gives; they do not judge, keep or tell.",
      ),
    ],
  ],
  ["agent/children/**", [removes, only(["facts", "host", "shells", "startup"], child)]],
  ["agent/children/sender.ts", [only(["facts", "host", "sinks"], child)]],
  ["agent/children/sweeper.ts", [only(["facts", "host", "cleanup"], child)]],
  [
    "agent/store/**",
    [only(["facts", "host", "evaluate", "drift"], "store keeps what drift says; it knows nothing of who reads it.")],
  ],
  ["agent/sinks/**", [only(["facts", "store", "documents"], "sinks import store and documents.")]],
  ["agent/status/**", [only(["facts", "store", "documents"], "status imports store and documents.")]],
  [
    "agent/status/page/**",
    [
      removes,
      {
        group: ["../**", "!../*.ts", "!../../facts/**"],
        message:
          "The page is rendered from what /v1/status answers: it knows that shape and facts, nothing else of ours.",
      },
    ],
  ],
  ["agent/cleanup/**", [only(["facts", "host", "documents", "store"], "cleanup imports host, documents and store.")]],
  [
    "agent/runs/**",
    [
      removes,
      puts,
      only(
        ["facts", "host", "shells", "startup", "documents", "checks", "evaluate", "probe", "collectors"],
        "runs says whom to measure and measures: what check does once and the agent for ever; it keeps and tells nothing.",
      ),
    ],
  ],
  ["agent/{cli,daemon}/**", [removes]],
  ["agent/main.ts", [removes]],
  ["agent/cli/except.ts", []],
];

export function biomeConfiguration() {
  return {
    $schema: "./node_modules/@biomejs/biome/configuration_schema.json",
    files: {
      includes: [
        "agent/**",
        "test/**",
        "packaging/**",
        "*.json",
        "!**/dist",
        "!policies/schema",
        "!agent/status/openapi.json",
        "!agent/sinks/openapi.json",
        "!test/fixtures",
      ],
    },
    formatter: { indentStyle: "space", indentWidth: 2, lineWidth: 120 },
    linter: {
      enabled: true,
      rules: {
        preset: "recommended",
        suspicious: { noImportCycles: "error", noExplicitAny: "error", noControlCharactersInRegex: "off" },
        style: { useImportType: "error", useNodejsImportProtocol: "error", noNonNullAssertion: "error" },
        nursery: { noFloatingPromises: "error" },
      },
    },
    overrides: rows.map(([files, patterns, kind]) => ({
      includes: [files],
      linter: {
        rules: {
          style: {
            noRestrictedImports: { level: "error", options: { patterns } },
            ...(kind === "pure" && {
              noRestrictedGlobals: {
                level: "error",
                options: {
                  deniedGlobals: Object.fromEntries(
                    impureGlobals.map((name) => [
                      name,
                      "This folder is pure: what it needs of the world comes in as a parameter.",
                    ]),
                  ),
                },
              },
            }),
          },
        },
      },
    })),
  };
}
