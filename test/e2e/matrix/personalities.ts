/** The shells of this machine as accounts have them, files that could be theirs, read or not, and the ways of coming in. */

export const ways = [
  "ssh-command",
  "ssh-command-pty",
  "ssh-login",
  "ssh-login-notty",
  "su-command",
  "su-login-command",
  "sudo-login",
  "cron",
] as const;
export type Way = (typeof ways)[number];

export interface Personality {
  readonly name: string;
  readonly binary: string;
  /** Under which name a link starts it; its own where this is not said. */
  readonly as?: string;
  readonly language: "sh" | "csh" | "fish";
  /** Below the home. What others of its family read stands here, too: nothing of it may bite. */
  readonly files: readonly string[];
  /** Effects that it has no means for. */
  readonly hasNo?: readonly ("alias" | "function" | "noclobber")[];
}

const csh = { language: "csh", hasNo: ["function"] } as const;

export const personalities: readonly Personality[] = [
  {
    name: "bash",
    binary: "/bin/bash",
    language: "sh",
    files: [".bashrc", ".bash_profile", ".bash_login", ".profile", ".bash_logout", ".bash_aliases"],
  },
  {
    name: "bashsh",
    binary: "/bin/bash",
    as: "sh",
    language: "sh",
    files: [".profile", ".bashrc", ".bash_profile", ".bash_logout"],
  },
  { name: "dash", binary: "/bin/dash", language: "sh", files: [".profile", ".shrc"] },
  { name: "ash", binary: "/bin/busybox", as: "ash", language: "sh", files: [".profile", ".ashrc"] },
  {
    name: "zsh",
    binary: "/bin/zsh",
    language: "sh",
    files: [".zshenv", ".zprofile", ".zshrc", ".zlogin", ".zlogout", ".profile"],
  },
  { name: "zshsh", binary: "/bin/zsh", as: "sh", language: "sh", files: [".profile", ".zshenv", ".zlogout"] },
  {
    name: "zshksh",
    binary: "/bin/zsh",
    as: "ksh",
    language: "sh",
    files: [".profile", ".kshrc", ".zshenv", ".zlogout"],
  },
  { name: "ksh93", binary: "/bin/ksh93", language: "sh", files: [".profile", ".kshrc"] },
  { name: "mksh", binary: "/bin/mksh", language: "sh", files: [".profile", ".mkshrc", ".kshrc"] },
  { name: "yash", binary: "/bin/yash", language: "sh", files: [".yash_profile", ".yashrc", ".profile"] },
  { name: "yashsh", binary: "/bin/yash", as: "sh", language: "sh", files: [".profile", ".yash_profile", ".yashrc"] },
  { name: "posh", binary: "/bin/posh", language: "sh", files: [".profile", ".poshrc"], hasNo: ["alias"] },
  {
    name: "tcsh",
    binary: "/bin/tcsh",
    ...csh,
    files: [".tcshrc", ".cshrc", ".login", ".cshdirs", ".logout", ".profile"],
  },
  { name: "bsdcsh", binary: "/bin/bsd-csh", ...csh, files: [".cshrc", ".tcshrc", ".login", ".logout", ".cshdirs"] },
  {
    name: "fish",
    binary: "/usr/bin/fish",
    language: "fish",
    hasNo: ["noclobber"],
    files: [
      ".config/fish/config.fish",
      ".config/fish/conf.d/matrix.fish",
      ".local/share/fish/vendor_conf.d/matrix.fish",
      ".config/locale.conf",
      ".profile",
    ],
  },
];
