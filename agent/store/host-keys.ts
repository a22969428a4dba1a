import { createHash } from "node:crypto";
import { systemFile } from "../host/system-file.ts";

/** What tells a host from its clone; null where the host does not say, or not to this account. */
export interface HostKeys {
  readonly machineId: string | null;
  readonly productUuid: string | null;
  readonly productName: string | null;
}

/** machine-id(5), and what the firmware says; its uuid is readable for root only. */
export function hostKeys(): HostKeys {
  return {
    machineId: line("/etc/machine-id"),
    productUuid: line("/sys/class/dmi/id/product_uuid"),
    productName: line("/sys/class/dmi/id/product_name"),
  };
}

function line(path: string): string | null {
  const text = systemFile(path, 4096)?.trim() ?? "";
  return text === "" || text === "uninitialized" ? null : text;
}

/** The keys as they are kept: hashed, because machine-id(5) asks that it be not shown as it is. */
export function hashedKeys(keys: HostKeys): HostKeys {
  const hashed = (name: string, value: string | null) =>
    value === null ? null : createHash("sha256").update(`rcwarden ${name}\n${value}`).digest("hex");
  return {
    machineId: hashed("machine-id", keys.machineId),
    productUuid: hashed("product-uuid", keys.productUuid),
    productName: hashed("product-name", keys.productName),
  };
}

/** What is known on both sides must agree: a key that cannot be read now is no other host. */
export function isSameHost(before: HostKeys, now: HostKeys): boolean {
  const agree = (a: string | null, b: string | null) => a === null || b === null || a === b;
  return (
    agree(before.machineId, now.machineId) &&
    agree(before.productUuid, now.productUuid) &&
    agree(before.productName, now.productName)
  );
}
