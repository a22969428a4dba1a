/** What a reply means: pure. The words for people are made here, too, with what the engine said cut short. */
import type { EngineSinkDocument } from "../documents/host-kinds.ts";
import { askedPauseMs } from "./pace.ts";
import type { EngineAnswer, SenderFailure, SenderReply, ShownCertificate } from "./protocol.ts";

export interface Problem {
  /** Stable words. */
  readonly code: string;
  /** Where, expected, found, what to do. */
  readonly message: string;
}

export type Outcome =
  | { readonly kind: "taken"; readonly answer: EngineAnswer | null; readonly note: string | null }
  /** This batch is at fault, if anything is: 400, 422, 413 (`tooLarge`). */
  | { readonly kind: "refused"; readonly tooLarge: boolean; readonly problem: Problem }
  /** Somebody must mend something; nothing was taken. */
  | { readonly kind: "stopped"; readonly problem: Problem }
  /** It will pass; the engine may have said when. */
  | { readonly kind: "later"; readonly problem: Problem; readonly askedMs: number | null };

type At = Pick<EngineSinkDocument, "url" | "caFile" | "certFile" | "keyFile" | "tokenFile" | "proxy"> & {
  /** What our own certificate says, in words; null where there is none. */
  readonly certificate: string | null;
};

export function judge(reply: SenderReply, at: At, nowMs: number): Outcome {
  if (reply.kind === "failed") return { kind: "later", problem: failure(reply, at), askedMs: null };
  const { status, answer, note } = reply;
  if (status >= 200 && status < 300) return { kind: "taken", answer, note };
  const found = `found status ${status}${reply.said === "" ? "" : ` ("${reply.said}")`}`;
  const problem = (code: string, advice: string): Problem => ({
    code,
    message: `${at.url}: expected the engine to take events, ${found}; ${advice}`,
  });
  if (status === 400 || status === 422 || status === 413) {
    return {
      kind: "refused",
      tooLarge: status === 413,
      problem: problem(status === 413 ? "too-large" : "refused", "look at the engine's log for what it did not like"),
    };
  }
  if (isPassing(status)) {
    const code = status === 429 ? "too-many-requests" : "engine-error";
    return {
      kind: "later",
      problem: problem(code, "it is tried again"),
      askedMs: askedPauseMs(reply.retryAfter, nowMs),
    };
  }
  return { kind: "stopped", problem: problem(...configurationFault(status, reply.location, at)) };
}

/** 408 and 429 say themselves that they pass; every other 4xx stays until somebody changes something. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function configurationFault(status: number, location: string | null, at: At): [code: string, advice: string] {
  if (status < 200) return ["engine-error", "it speaks another protocol: mend the sink's url"];
  if (status < 400) {
    const to = location === null ? "another place" : `"${location}"`;
    return ["redirect", `it points to ${to}, and redirects are not followed: mend the sink's url`];
  }
  if (status === 401 || status === 403) return ["unauthorized", proofAdvice(at)];
  return ["configuration", "mend the sink's url or the engine; nothing is dropped meanwhile"];
}

function proofAdvice({ tokenFile, certFile }: At): string {
  const proofs = listed([tokenFile, certFile]);
  if (proofs === "") return "give the sink a certFile and keyFile, or a tokenFile";
  return `renew what proves who we are: ${proofs} (read anew at each attempt)`;
}

const untrusted: readonly string[] = [
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "CERT_REVOKED",
  "CERT_REJECTED",
];

/** [Node's codes, our code, what was expected, what to do] */
const failures: readonly (readonly [readonly string[] | RegExp, string, (at: At) => string, (at: At) => string])[] = [
  [
    untrusted,
    "certificate-untrusted",
    ({ caFile }) => `expected a certificate that ${caFile ?? "this host's trust store"} vouches for`,
    ({ caFile }) =>
      caFile === null ? "name its authority as caFile" : `put its authority's certificate into ${caFile}`,
  ],
  [
    ["CERT_HAS_EXPIRED"],
    "certificate-expired",
    () => "expected a certificate that is valid now",
    () => "renew it at the engine, or mend this host's clock",
  ],
  [
    ["CERT_NOT_YET_VALID"],
    "certificate-not-yet-valid",
    () => "expected a certificate that is valid now",
    () => "mend the clock of this host or of the engine's authority",
  ],
  [
    ["ERR_TLS_CERT_ALTNAME_INVALID"],
    "certificate-name",
    ({ url }) => `expected a certificate for ${new URL(url).hostname}`,
    () => "use a name that it stands for in the sink's url, or renew it at the engine",
  ],
  [
    /^ERR_SSL_.*ALERT/,
    "client-certificate",
    ({ certFile }) =>
      certFile === null
        ? "expected the engine to take us without a certificate"
        : `expected the engine to take ${certFile}`,
    ({ certFile }) => (certFile === null ? "give the sink a certFile and a keyFile" : "renew it"),
  ],
  [
    /^ERR_OSSL|^ERR_CRYPTO|^ERR_SSL_(?:EE|CA)_|^ERR_TLS_INVALID/,
    "key-files",
    ({ certFile, keyFile, caFile }) => `expected ${listed([certFile, keyFile, caFile])} to be PEM that fit each other`,
    () => "put in the key that belongs to the certificate",
  ],
  [
    ["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_UNSUPPORTED_PROTOCOL", "ERR_SSL_PACKET_LENGTH_TOO_LONG"],
    "no-tls",
    () => "expected TLS 1.2 or newer",
    () => "mend the sink's url or the engine; events never leave in the clear",
  ],
  [
    ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL"],
    "name-not-found",
    () => "expected to find its name",
    () => "mend DNS or the sink's url",
  ],
  [
    ["ETIMEDOUT", "ESOCKETTIMEDOUT", "sender-silent"],
    "timed-out",
    () => "expected a whole answer in time",
    () => "it is tried again",
  ],
  [
    ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EACCES", "EPERM"],
    "unreachable",
    () => "expected to connect",
    () => "it is tried again; a database host may have no way out: then let the engine pull",
  ],
  [["proxy-refused"], "proxy-refused", ({ proxy }) => `expected a way through ${proxy}`, () => "mend the proxy"],
  [["answer-too-large"], "answer-too-large", () => "expected an answer of at most 1 MiB", () => "mend the engine"],
  [["sender-ended"], "sender-ended", () => "expected the sender to run", () => "it is started again"],
  [
    ["ECONNRESET", "EPIPE", "cut-off", "HPE_INVALID_CONSTANT"],
    "cut-off",
    () => "expected a whole answer",
    ({ certFile }) =>
      certFile === null
        ? "it is tried again; an engine that demands a client certificate does this to a caller without one"
        : `it is tried again; an engine does this also to a client certificate that it does not take (${certFile})`,
  ],
];

/** Problems that the certificate explains that the engine showed. */
const namesIt: readonly string[] = [
  "certificate-untrusted",
  "certificate-expired",
  "certificate-not-yet-valid",
  "certificate-name",
];

/** Problems that our own certificate may explain. */
const mayBeOwn: readonly string[] = ["client-certificate", "cut-off"];

function failure(reply: SenderFailure, at: At): Problem {
  const row = failures.find(([codes]) =>
    codes instanceof RegExp ? codes.test(reply.code) : codes.includes(reply.code),
  );
  const [, code, expected, advice] = row ?? [[], "failed", () => "expected an answer", () => "it is tried again"];
  return { code, message: `${at.url}: ${expected(at)}, found ${found(reply, code, at)}; ${advice(at)}` };
}

function found({ certificate, message }: SenderFailure, code: string, at: At): string {
  if (certificate !== null && namesIt.includes(code)) return shown(certificate);
  const own = at.certificate === null || !mayBeOwn.includes(code) ? "" : ` (${at.certificate})`;
  return `"${message}"${own}`;
}

function shown({ subject, issuer, from, to, names }: ShownCertificate): string {
  const stands = names === "" ? "" : ` (${names})`;
  return `one for "${subject}"${stands}, issued by "${issuer}", valid from ${from} to ${to}`;
}

function listed(files: readonly (string | null)[]): string {
  return files.filter((file) => file !== null).join(", ");
}
