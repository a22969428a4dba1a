/** In place of a package that a bundle leaves out (build.mjs). */
module.exports = function absent() {
  throw new Error("expected nobody to ask for a part that the build leaves out");
};
