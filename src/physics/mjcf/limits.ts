// How much an MJCF document may ask for. These bound what any text can cost, hostile or mistaken: less than 512 MB and some
// seconds for the dearest (test/slow/mjcf-hostile.test.ts). They lie far above the models that this engine is made for.

/** Characters, over the document and all its includes. */
export const MAX_TEXT = 4 * 1024 * 1024;

/** Elements over all files; characters of a name. */
export const MAX_ELEMENTS = 100_000;
export const MAX_NAME = 256;

/** Nesting of elements, over all includes. */
export const MAX_DEPTH = 256;

/** Files included. */
export const MAX_INCLUDES = 64;

/** Magnitude of a number; what computes with it stays finite. */
export const MAX_NUMBER = 1e15;

/** Sizes of a model. */
export const MAX_BODIES = 2048;
export const MAX_GEOMS = 4096;
export const MAX_SITES = 4096;
export const MAX_DOFS = 512;
export const MAX_ACTUATORS = 1024;
export const MAX_EQUALITIES = 512;
export const MAX_CLASSES = 1024;
export const MAX_PAIRS = 65_536;
