// The tables of what is observed of an evaluation, and the places it has in a workspace: header words 96 to 127, laid out by
// src/physics/observe.ts (model.ts says what words, reals and places are).

// what `observe` computes, one bit each
export const POINTS: i32 = 1;
export const QUATERNIONS: i32 = 2;
export const MATRICES: i32 = 4;
export const CENTERS: i32 = 8;
export const INERTIAS: i32 = 16;
export const VELOCITIES: i32 = 32;
export const FORCES: i32 = 64;

// header: points are the origins of the bodies, their centers of mass, then geoms and sites
export const POINT_COUNT: i32 = 96;
export const POINT_WORDS: i32 = 97;
export const POINT_REALS: i32 = 98;
export const XPOINT: i32 = 99;
export const GEOM_COUNT: i32 = 100;
export const GEOM_WORDS: i32 = 101;
export const GEOM_REALS: i32 = 102;
export const GEOM_XMAT: i32 = 103;
export const GEOM_XQUAT: i32 = 104;
export const BODY_COUNT: i32 = 105;
export const BODY_WORDS: i32 = 106;
export const BODY_REALS: i32 = 107;
export const TURN_WORDS: i32 = 108;
export const TURN_REALS: i32 = 109;
export const XQUAT: i32 = 110;
export const SUBTREE_COM: i32 = 111;
export const SUBTREE_LINVEL: i32 = 112;
export const CINERT: i32 = 113;
export const CVEL: i32 = 114;
export const CFRC_EXT: i32 = 115;
/** [bodies, 3] each: a body's center of mass, and that of its subtree, relative to the body's reference. */
export const CENTER: i32 = 116;
export const SUBTREE_CENTER: i32 = 117;
export const TOUCH_WORDS: i32 = 118;

// words of a point, 4 each: rotation, position, origin of its link, numbered as those of a body; reals: place in the link's frame
export const POINT_SIZE: i32 = 4;
// words of a geom, 2 each: rotation of its link, body; reals: rotation in the link's frame (9), quaternion in the body's
export const GEOM_SIZE: i32 = 2;
export const GEOM_REAL_SIZE: i32 = 16;

// words of a body, 12 each
export const BODY_SIZE: i32 = 12;
export const BODY_ROTATION: i32 = 0;
export const BODY_POSITION: i32 = 1;
export const BODY_ORIGIN: i32 = 2;
export const BODY_VELOCITY: i32 = 3;
export const ORIGIN_VELOCITY: i32 = 4;
/** Origin that all bodies of a body-tree refer to. */
export const REFERENCE: i32 = 5;
export const PARENT: i32 = 6;
export const ROOT: i32 = 7;
export const FIRST_TURN: i32 = 8;
export const BODY_TURNS: i32 = 9;
/** 1 where the subtree has mass. */
export const BODY_MASSIVE: i32 = 10;
// reals of a body, 16 each
export const BODY_REAL_SIZE: i32 = 16;
export const BODY_MASS: i32 = 0;
export const SUBTREE_MASS: i32 = 1;
/** 0 where there is no mass. */
export const PER_SUBTREE_MASS: i32 = 2;
export const BODY_PLACE: i32 = 3;
/** xx yy zz xy xz yz about the center, in the link's axes. */
export const BODY_INERTIA: i32 = 6;
/** In the parent's frame. */
export const QUATERNION: i32 = 12;

// words of a slot of contacts, 4 each: bodies of the two geoms, origin that the contact point is about
export const TOUCH_SIZE: i32 = 4;

// words of a joint that turns a body, 2 each: 0 free or 1 hinge, place of qpos; reals: rest, axis
export const TURN_SIZE: i32 = 2;
export const TURN_REAL_SIZE: i32 = 4;
