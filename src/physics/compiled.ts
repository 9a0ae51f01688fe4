// What an MJCF file compiles to: the constants of a model, in float64 and in the words of MuJoCo's mjModel, one array per
// property, row-major. The compiler (mjcf/) writes it, the layout of the kernels (layout.ts) reads it, and it is what a
// reference build is compared with. Lengths in metres, masses in kilograms, angles in radians, quaternions w x y z.

/** Kinds of joint, with MuJoCo's numbers (ball joints, 1, are not supported). */
export const JointType = { free: 0, slide: 2, hinge: 3 } as const;

/** Kinds of geom, with MuJoCo's numbers. */
export const GeomType = { plane: 0, sphere: 2, capsule: 3, ellipsoid: 4, cylinder: 5, box: 6 } as const;

export const Integrator = { euler: 0, rk4: 1 } as const;

/** `<option>` and the flags that change the physics. */
export interface PhysicsOptions {
  timestep: number;
  integrator: (typeof Integrator)[keyof typeof Integrator];
  /** World, in m/s². */
  gravity: readonly [number, number, number];
  /** Of the medium: wind is added to its velocity. */
  wind: readonly [number, number, number];
  density: number;
  viscosity: number;
  impratio: number;
  /** What `<flag>` turns off: all contacts, all welds, all limits, all constraints; damping and springs; gravity; actuation;
   * control ranges; implicit damping of Euler; time constants raised to twice the timestep. */
  contact: boolean;
  equality: boolean;
  limit: boolean;
  constraint: boolean;
  damper: boolean;
  spring: boolean;
  gravityOn: boolean;
  actuation: boolean;
  clampctrl: boolean;
  eulerdamp: boolean;
  refsafe: boolean;
  filterparent: boolean;
}

/**
 * A compiled model. Body 0 is the world; bodies, joints and degrees of freedom are numbered depth first, as MuJoCo does, so
 * that parents come before children. Every name list has one entry per element, "" where the file gives none.
 */
export interface CompiledModel {
  readonly name: string;
  readonly nq: number;
  readonly nv: number;
  readonly nu: number;
  readonly nbody: number;
  readonly njnt: number;
  readonly ngeom: number;
  readonly nsite: number;
  /** Bodies that are moved by hand, and welds. */
  readonly nmocap: number;
  readonly neq: number;
  readonly option: PhysicsOptions;
  /** [nq]: the configuration the file describes; [nq]: the one at which springs are at rest. */
  readonly qpos0: Float64Array;
  readonly qposSpring: Float64Array;
  /** Mean of the diagonal of the mass matrix at qpos0. */
  readonly meaninertia: number;

  readonly bodyName: readonly string[];
  /** [nbody]: parent; first joint (−1 for none) and their number; first degree of freedom and their number; the
   * body's topmost ancestor below the world; the ancestor (or itself) that it is welded to, which a
   * body that is moved by hand is to nothing. */
  readonly bodyParent: Int32Array;
  readonly bodyJntAdr: Int32Array;
  readonly bodyJntNum: Int32Array;
  readonly bodyDofAdr: Int32Array;
  readonly bodyDofNum: Int32Array;
  readonly bodyRoot: Int32Array;
  readonly bodyWeld: Int32Array;
  /** [nbody]: number of the body among those that are moved by hand, or −1. */
  readonly bodyMocap: Int32Array;
  /** [nbody, 3] and [nbody, 4]: frame in the parent's; then the inertial frame in the body's. */
  readonly bodyPos: Float64Array;
  readonly bodyQuat: Float64Array;
  readonly bodyIpos: Float64Array;
  readonly bodyIquat: Float64Array;
  /** [nbody]; [nbody, 3]: principal moments; [nbody, 2]: mean inverse weight at qpos0, translation and rotation. */
  readonly bodyMass: Float64Array;
  readonly bodyInertia: Float64Array;
  readonly bodyInvweight0: Float64Array;

  readonly jntName: readonly string[];
  /** [njnt]: `JointType`; body; first element of qpos and of qvel. */
  readonly jntType: Int32Array;
  readonly jntBody: Int32Array;
  readonly jntQposAdr: Int32Array;
  readonly jntDofAdr: Int32Array;
  /** [njnt, 3]: anchor and unit axis in the body's frame. */
  readonly jntPos: Float64Array;
  readonly jntAxis: Float64Array;
  /** [njnt]: 1 where the range [njnt, 2] limits the joint. */
  readonly jntLimited: Uint8Array;
  readonly jntRange: Float64Array;
  readonly jntStiffness: Float64Array;
  readonly jntMargin: Float64Array;
  /** [njnt, 2] and [njnt, 5]: of the limit. */
  readonly jntSolref: Float64Array;
  readonly jntSolimp: Float64Array;

  /** [nv]: body; joint; the degree of freedom before it on the way to the root (−1 for none). */
  readonly dofBody: Int32Array;
  readonly dofJnt: Int32Array;
  readonly dofParent: Int32Array;
  readonly dofArmature: Float64Array;
  readonly dofDamping: Float64Array;
  readonly dofInvweight0: Float64Array;
  /** [nv]: diagonal of the mass matrix at qpos0. */
  readonly dofM0: Float64Array;

  readonly geomName: readonly string[];
  readonly geomType: Int32Array;
  readonly geomBody: Int32Array;
  readonly geomContype: Int32Array;
  readonly geomConaffinity: Int32Array;
  readonly geomCondim: Int32Array;
  readonly geomPriority: Int32Array;
  /** [ngeom, 3], [ngeom, 3], [ngeom, 4]: size; frame in the body's. */
  readonly geomSize: Float64Array;
  readonly geomPos: Float64Array;
  readonly geomQuat: Float64Array;
  /** [ngeom, 3]: sliding, torsional, rolling. */
  readonly geomFriction: Float64Array;
  readonly geomMargin: Float64Array;
  readonly geomGap: Float64Array;
  readonly geomSolmix: Float64Array;
  readonly geomSolref: Float64Array;
  readonly geomSolimp: Float64Array;
  /** [ngeom, 4]: color for a viewer, 0 to 1. */
  readonly geomRgba: Float32Array;

  readonly siteName: readonly string[];
  readonly siteBody: Int32Array;
  readonly sitePos: Float64Array;
  readonly siteQuat: Float64Array;

  readonly actuatorName: readonly string[];
  /** [nu]: joint that the actuator drives; its transmission ratio. */
  readonly actuatorJnt: Int32Array;
  readonly actuatorGear: Float64Array;
  /** [nu]: 1 where ctrl (force) is clamped to its range [nu, 2]. */
  readonly actuatorCtrllimited: Uint8Array;
  readonly actuatorCtrlrange: Float64Array;
  readonly actuatorForcelimited: Uint8Array;
  readonly actuatorForcerange: Float64Array;
  /** [nu] and [nu, 3]: force = gain · ctrl + bias₀ + bias₁ · length + bias₂ · velocity. */
  readonly actuatorGain: Float64Array;
  readonly actuatorBias: Float64Array;

  readonly eqName: readonly string[];
  /** [neq]: the two bodies of a weld; 1 where it holds. */
  readonly eqObj1: Int32Array;
  readonly eqObj2: Int32Array;
  readonly eqActive: Uint8Array;
  /** [neq, 11]: anchor in the second body; its place and the second body's orientation in the frame of the first; what the
   * rotation counts against the distance. */
  readonly eqData: Float64Array;
  readonly eqSolref: Float64Array;
  readonly eqSolimp: Float64Array;

  /** Pairs of geoms that can touch, after every filter of the file, geom of the lower type first as MuJoCo orders them. */
  readonly pairs: readonly ContactPair[];
}

/** Two geoms that can touch, and the mixed parameters of their contact. */
export interface ContactPair {
  readonly geom1: number;
  readonly geom2: number;
  readonly condim: 1 | 3;
  /** The two tangential sliding coefficients. */
  readonly friction: readonly [number, number];
  readonly solref: readonly [number, number];
  readonly solimp: readonly [number, number, number, number, number];
  /** Contacts exist at distances below margin + gap, and push below margin. */
  readonly margin: number;
  readonly gap: number;
}
