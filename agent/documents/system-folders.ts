/** Trees of the system, and what the program keeps itself: no root is one of these or lies below one. */
export const barredTrees: readonly string[] = [
  ..."bin boot dev etc lib lib32 lib64 libx32 proc sbin sys usr".split(" ").map((name) => `/${name}`),
  "/run/rcwarden",
  ..."apt dpkg pacman rcwarden rpm systemd".split(" ").map((name) => `/var/lib/${name}`),
];

/** Folders that hold those of many owners: a root may lie below one, but is none. */
export const barredFolders: readonly string[] = [
  ..."home media mnt opt root run srv tmp var".split(" ").map((name) => `/${name}`),
  ..."backups cache db lib local lock log mail opt run spool tmp".split(" ").map((name) => `/var/${name}`),
  ..."lock log shm user".split(" ").map((name) => `/run/${name}`),
];

/** The folder below a root into which files are taken before they are destroyed; nobody else looks into it. */
export const quarantineName = ".rcwarden-quarantine";
