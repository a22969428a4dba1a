import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import { check, findings } from "../support/rcwarden.ts";

interface Story {
  readonly says: string;
  readonly shell: string;
  readonly files: Readonly<Record<string, string>>;
  readonly sent: string;
  /** Relative to the home. */
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  readonly through?: readonly string[];
}

const copies = "cp -f {file} {existing}";
const stories: readonly Story[] = [
  {
    says: "an alias whose text only a run can know",
    shell: "/bin/tcsh",
    files: {
      ".cshrc": "set what = cp\nif (1) then\n  set y = 2\n  eval \"alias $what '$what -i'\"\n  set z = 3\nendif\n",
    },
    sent: copies,
    file: ".cshrc",
    line: 4,
    column: 3,
  },
  {
    says: "what brings in a file whose name only a run can know",
    shell: "/bin/tcsh",
    files: {
      ".cshrc": "set which = `expr substr xsite 2 4`\nset history = 10\nsource ~/.csh.$which\n",
      ".csh.site": "set a = 1\nalias cp 'cp -i'\n",
    },
    sent: copies,
    file: ".cshrc",
    line: 3,
  },
  {
    says: "the last of two definitions",
    shell: "/bin/bash",
    files: { ".bashrc": "shopt -s expand_aliases\nalias cp='cp -v'\nif true; then\n  alias cp='cp -i'\nfi\n" },
    sent: copies,
    file: ".bashrc",
    line: 4,
    column: 3,
  },
  {
    says: "a loop over a folder",
    shell: "/bin/bash",
    files: {
      ".bashrc": 'for f in ~/.bashrc.d/*.sh; do\n  [ -r "$f" ] && . "$f"\ndone\n',
      ".bashrc.d/one.sh": "true\n",
      ".bashrc.d/two.sh": '# ours\ncp() { command cp -i "$@"; }\n',
    },
    sent: copies,
    file: ".bashrc.d/two.sh",
    line: 2,
    through: [".bashrc"],
  },
  {
    says: "a definition by eval",
    shell: "/bin/bash",
    files: { ".bashrc": "shopt -s expand_aliases\nname=cp\neval \"alias $name='$name -i'\"\n" },
    sent: copies,
    file: ".bashrc",
    line: 3,
  },
  {
    says: "not the one in a here-document, nor the one in a comment",
    shell: "/bin/zsh",
    files: {
      ".zshenv":
        "cat >/dev/null <<END\nalias cp='cp -i'\nEND\n# alias cp='cp -i'\nalias -g NUL='>/dev/null'\nalias cp='cp -i'\n",
    },
    sent: copies,
    file: ".zshenv",
    line: 6,
  },
  {
    says: "a PATH that puts another program first",
    shell: "/bin/bash",
    files: { ".bashrc": "umask 022\nexport PATH=~/bin:$PATH\n", "bin/cp": '#!/bin/sh\nexec /bin/cp -i "$@"\n' },
    sent: copies,
    file: ".bashrc",
    line: 2,
  },
];

for (const story of stories) {
  test(`${story.shell} names the line of ${story.says}`, async () => {
    await using account = await makeAccount({ shell: story.shell, home: "empty" });
    for (const [file, text] of Object.entries(story.files))
      account.write(file, text, file.startsWith("bin/") ? 0o755 : 0o644);
    const { report } = await check(account.name);
    const found = findings(report, "engine-commands").find(({ subject }) => subject === story.sent);
    assert.equal(found?.consequence, "hang", JSON.stringify(report.findings));
    assert.equal(found?.where?.file, `${account.home}/${story.file}`);
    assert.equal(found?.where?.line, story.line);
    if (story.column !== undefined) assert.equal(found?.where?.column, story.column);
    const through = (story.through ?? []).map((file) => `${account.home}/${file}`);
    assert.deepEqual(found?.where?.through, through);
  });
}
