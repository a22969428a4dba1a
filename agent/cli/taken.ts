/** Whether a bundle with one verb took the call, and if so its exit status; `left`: the whole command line has to. */
export type Taken = { readonly kind: "answered"; readonly code: number } | { readonly kind: "left" };
