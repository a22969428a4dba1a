/**
 * The one redactor: every line, prompt, argv, message and piece of evidence passes it before it is kept. It takes away
 * what is a secret by the look of its surroundings and leaves the rest, so that the guilty line can still be read. It
 * cannot know a secret that nothing gives away; the Grant decides what leaves the host at all.
 */

const mask = "[masked]";
/** What is longer is cut first: patterns are tried on bounded text only. */
const mostCharacters = 16_384;

/** A value behind a name: in quotes (also where a cut took the closing one), or up to what ends a word. */
const value = String.raw`"(?:[^"\\]|\\.)+(?:"|$)|'[^']+(?:'|$)|[^\s"';|&)<>]+`;
/** Words that say by themselves that a secret follows. */
const says = "(?:password|passwd|passphrase|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key)s?";
/** Parts of a name that say so where a value is given to it: DB_PASS, SSH_KEY. PWD and OLDPWD are folders. */
const part = "(?:pass|pwd|pw|key)s?";
const name = String.raw`(?!(?:OLD)?PWD\b)(?:[\w.-]{0,64}${says}[\w.-]{0,64}|(?:[\w.-]{0,64}[_.-])?${part}(?:[_.-][\w.-]{0,64})?)`;
const word = String.raw`(?:[^\s;|&]+\s+)`;

interface Pattern {
  readonly says: string;
  /** Two groups: what stays, and the secret. */
  readonly find: RegExp;
  /** Before and after; the first tests of the pattern. */
  readonly examples: readonly (readonly [string, string])[];
}

export const patterns: readonly Pattern[] = [
  {
    says: "a private key, whole or cut",
    find: /()(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$))/g,
    examples: [
      ["a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a [masked] b"],
      ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb", "[masked]"],
    ],
  },
  {
    says: "who logs in, in a URL",
    find: /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:]{0,256}:)(?!\d{1,5}(?:$|[/?\s]))([^\s@/]+)(?=@|$)/gi,
    examples: [
      ["curl https://jo:hunter2@db07/x", "curl https://jo:[masked]@db07/x"],
      ["psql postgres://app:s3c", "psql postgres://app:[masked]"],
      ["curl http://db07:8080", "curl http://db07:8080"],
      ["curl http://db07:8080/x@y", "curl http://db07:8080/x@y"],
    ],
  },
  {
    says: "what an HTTP header brings",
    find: /(\b(?:(?:proxy-)?authorization\s*[:=]\s*(?:[A-Za-z]+\s+)?|bearer\s+|cookie\s*:\s*))([^\s"',;]{4,})/gi,
    examples: [
      ["curl -H 'Authorization: Basic dXNlcjpwdw=='", "curl -H 'Authorization: Basic [masked]'"],
      ['-H "Authorization: Bearer abc.def"', '-H "Authorization: Bearer [masked]"'],
    ],
  },
  {
    says: "an option whose name says it, and its value",
    find: new RegExp(String.raw`((?<![\w-])--?[\w-]{0,40}${says}(?:=|\s+))(?!-)(${value})`, "gi"),
    examples: [
      ["mongosh --password hunter2 db", "mongosh --password [masked] db"],
      ["mysqldump --password='hunter 2' x", "mysqldump --password=[masked] x"],
      ["vault --password-file /root/pw", "vault --password-file /root/pw"],
    ],
  },
  {
    says: "a variable whose name says it, set",
    find: new RegExp(
      String.raw`((?<![\w.-])(?![\w.-]{0,64}_?(?:FILE|PATH|DIR)\s?=)${name}["']?\s?=\s?)(${value})`,
      "gi",
    ),
    examples: [
      ["export PGPASSWORD=hunter2; psql", "export PGPASSWORD=[masked]; psql"],
      ['AWS_SECRET_ACCESS_KEY="wJal rX"', "AWS_SECRET_ACCESS_KEY=[masked]"],
      ["set password = hunter2", "set password = [masked]"],
      ["DB_PASS=x y", "DB_PASS=[masked] y"],
      ["api.key=abc", "api.key=[masked]"],
      ["cd $OLDPWD; PWD=/u01", "cd $OLDPWD; PWD=/u01"],
      ["export PGPASSFILE=/root/.pgpass", "export PGPASSFILE=/root/.pgpass"],
      ["monkey=grey", "monkey=grey"],
      ["PGPASSWORD=$(cat ~/.pw)", "PGPASSWORD=$(cat ~/.pw)"],
      ['TOKEN="$VAULT_TOKEN"', 'TOKEN="$VAULT_TOKEN"'],
      ["HASH_SECRET=$apr1$abc$def", "HASH_SECRET=[masked]"],
    ],
  },
  {
    says: "the same in csh",
    find: new RegExp(String.raw`(\bsetenv\s+${name}\s+)(${value})`, "gi"),
    examples: [
      ["setenv PGPASSWORD hunter2", "setenv PGPASSWORD [masked]"],
      ["setenv KEYMAP us", "setenv KEYMAP us"],
    ],
  },
  {
    says: "a key of YAML, JSON or a header",
    find: new RegExp(String.raw`((?<![\w.-])[\w.-]{0,64}${says}["']?\s?:\s?)(${value})`, "gi"),
    examples: [
      ['{"password": "hunter2", "user": "jo"}', '{"password": [masked], "user": "jo"}'],
      ["X-Api-Key: 12345", "X-Api-Key: [masked]"],
      ["Enter password: ", "Enter password: "],
      ["[sudo] password for oracle: ", "[sudo] password for oracle: "],
    ],
  },
  {
    says: "-pSECRET of the MySQL clients, sshpass and 7z",
    find: new RegExp(String.raw`(\b(?:mysql\w*|mariadb[\w-]*|sshpass|7z\w?)\s+${word}{0,30}?-p)(${value})`, "g"),
    examples: [
      ["mysql -u root -phunter2 shop", "mysql -u root -p[masked] shop"],
      ["mysqldump -p'hunter 2' shop", "mysqldump -p[masked] shop"],
      ["mysql -p shop", "mysql -p shop"],
      ["mkdir -p /u01/x", "mkdir -p /u01/x"],
    ],
  },
  {
    says: "the password's own option of other clients",
    find: new RegExp(
      String.raw`(\b(?:sshpass\s+${word}{0,9}?-p|redis-cli\s+${word}{0,9}?-a|ldap\w+\s+${word}{0,20}?-w|(?:isql|sqlcmd|bcp|tsql|zip|unzip)\s+${word}{0,20}?-P|mongo\w*\s+${word}{0,20}?-p)\s+)(${value})`,
      "g",
    ),
    examples: [
      ["sshpass -p hunter2 ssh db07", "sshpass -p [masked] ssh db07"],
      ["redis-cli -h db07 -a hunter2 ping", "redis-cli -h db07 -a [masked] ping"],
      ["ldapsearch -x -D cn=admin -w hunter2", "ldapsearch -x -D cn=admin -w [masked]"],
      ["isql -U sa -P hunter2", "isql -U sa -P [masked]"],
    ],
  },
  {
    says: "USER/PASSWORD of the Oracle clients",
    find: /((?:\b(?:sqlplus|sqlldr|expdp|impdp|dgmgrl)\s(?:[^\n;|&]{0,120}\s)??|\b(?:connect|conn|target|catalog|auxiliary|userid=?)\s?)"?[A-Za-z][\w$#]{0,128}"?\/)("[^"]+(?:"|$)|[^\s@"';|&]+)(?=[@\s"';|&]|$)/gi,
    examples: [
      ["sqlplus -s scott/tiger@prod", "sqlplus -s scott/[masked]@prod"],
      ['sqlplus scott/"ti ger"@prod', "sqlplus scott/[masked]@prod"],
      ["rman target sys/oracle@prod catalog rc/rc", "rman target sys/[masked]@prod catalog rc/[masked]"],
      ["sqlplus / as sysdba @/u01/x/y.sql", "sqlplus / as sysdba @/u01/x/y.sql"],
      ["CONNECT scott/tiger", "CONNECT scott/[masked]"],
    ],
  },
  {
    says: "USER:PASSWORD of curl, USER%PASSWORD of smbclient",
    find: new RegExp(
      String.raw`(\b(?:curl|lftp)\s+${word}{0,30}?(?:-u|--user|--proxy-user)[ =]?["']?[^\s:"']+:|\b(?:smbclient|rpcclient)\s+${word}{0,20}?-U\s?["']?[^\s%"']+%)([^\s"']+)`,
      "g",
    ),
    examples: [
      ["curl -s -u jo:hunter2 https://x", "curl -s -u jo:[masked] https://x"],
      ["curl --user 'jo:hunter2' x", "curl --user 'jo:[masked]' x"],
      ["smbclient //nas/x -U jo%hunter2", "smbclient //nas/x -U jo%[masked]"],
    ],
  },
  {
    says: "what is piped into sudo -S, passwd or chpasswd",
    find: new RegExp(
      String.raw`(\b(?:echo|printf)\s+(?:-\w+\s+)*)(${value})(?=\s*\|\s*(?:sudo\s+-S|passwd\b|chpasswd\b|su\b|kinit\b))`,
      "g",
    ),
    examples: [
      ["echo hunter2 | sudo -S ls", "echo [masked] | sudo -S ls"],
      ["echo 'jo:hunter2' | chpasswd", "echo [masked] | chpasswd"],
      ["echo hello | cat", "echo hello | cat"],
    ],
  },
  {
    says: "SQL and openssl",
    find: new RegExp(String.raw`(\bidentified\s+by\s+(?:values\s+)?|\bpass:)(${value})`, "gi"),
    examples: [
      ["alter user jo identified by hunter2;", "alter user jo identified by [masked];"],
      ["openssl rsa -passin pass:hunter2 -in k", "openssl rsa -passin pass:[masked] -in k"],
    ],
  },
  {
    says: "a token of a well-known shape",
    find: /(\b)((?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|hvs\.|npm_|AKIA|ASIA|dapi)[A-Za-z0-9_-]{12,}|eyJ[\w-]{8,}\.[\w-]{8,}\.?[\w-]*)/g,
    examples: [
      ["git clone x ghp_0123456789abcdefABCDEF01", "git clone x [masked]"],
      ["AKIAIOSFODNN7EXAMPLE", "[masked]"],
    ],
  },
  {
    says: "long hex that is no digest of ours",
    find: /(?<![\w:])()([0-9a-f]{32,}|[0-9A-F]{32,})(?!\w)/g,
    examples: [
      ["use 0123456789abcdef0123456789abcdef now", "use [masked] now"],
      [`sha256:${"0a".repeat(32)}`, `sha256:${"0a".repeat(32)}`],
    ],
  },
  {
    says: "long base64 that is no path and no word",
    find: /(?<![\w/.~$:-])()(?=[\w+/-]*\d)(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])([\w+-]{32,}={0,2}|[A-Za-z0-9+][A-Za-z0-9+/]{39,}={0,2})(?![\w/.=])/g,
    examples: [
      ["send dGhpcyBpcyBhIHNlY3JldCBvZiB1cyA0Mg== on", "send [masked] on"],
      ["see wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "see [masked]"],
      ["cd /u01/app/Oracle/product/19/dbhome1/network/admin", "cd /u01/app/Oracle/product/19/dbhome1/network/admin"],
    ],
  },
];

/** A variable or a command's output names a secret and holds none; what is masked already stays as it is. */
function holdsNone(secret: string): boolean {
  return secret.startsWith(mask) || /^["']?(?:\$\w+|\$\{\w+\}|\$\([\s\S]*|`[\s\S]*)["']?$/.test(secret);
}

/** What one mask leaves may give away another secret; more rounds than this no text needed. */
const mostRounds = 4;

/** The same text without the secrets that its surroundings give away; doing it twice changes nothing. */
export function redacted(text: string): string {
  let kept = text.length > mostCharacters ? text.slice(0, mostCharacters) : text;
  for (let round = 0; round < mostRounds; round++) {
    const before = kept;
    for (const { find } of patterns) {
      kept = kept.replace(find, (whole: string, stays: string, secret: string) =>
        holdsNone(secret) ? whole : `${stays}${mask}`,
      );
    }
    if (kept === before) break;
  }
  return kept;
}
