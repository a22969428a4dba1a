/** A certificate authority of one's own, by openssl, in a folder of the caller's: for engines and for hosts. */
import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";

export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Authority {
  readonly caFile: string;
  /** A certificate for these names (`DNS:engine.example`, `IP:127.0.0.1`); `days` below 0: expired. */
  issue(name: string, about: { readonly names?: readonly string[]; readonly days?: number }): Issued;
}

export function makeAuthority(folder: string, name = "authority"): Authority {
  const caFile = `${folder}/${name}.pem`;
  const caKey = `${folder}/${name}.key`;
  openssl(
    ["req", "-x509", ...newKey, "-keyout", caKey, "-out", caFile, "-days", "30", "-subj", `/CN=Test ${name}`],
    ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  );
  return {
    caFile,
    issue(subject, { names = [], days = 30 }) {
      const at = `${folder}/${name}-${subject}`;
      const extensions = `basicConstraints=CA:FALSE\n${names.length === 0 ? "" : `subjectAltName=${names.join(",")}\n`}`;
      writeFileSync(`${at}.ext`, extensions);
      openssl(["req", "-new", ...newKey, "-keyout", `${at}.key`, "-out", `${at}.csr`, "-subj", `/CN=${subject}`]);
      openssl(
        ["x509", "-req", "-in", `${at}.csr`, "-CA", caFile, "-CAkey", caKey, "-CAcreateserial"],
        ["-days", String(days), "-extfile", `${at}.ext`, "-out", `${at}.crt`],
      );
      chmodSync(`${at}.key`, 0o600);
      return { certFile: `${at}.crt`, keyFile: `${at}.key` };
    },
  };
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function openssl(...args: readonly (readonly string[])[]): void {
  execFileSync("openssl", args.flat(), { stdio: ["ignore", "ignore", "pipe"] });
}
