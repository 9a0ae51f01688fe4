// Which elements MJCF has, where, and with which attributes (MuJoCo's XML reference): what is not in the table is an error
// with its line, so that a slip of the pen never silently changes a model. One element a line, indented below its parent:
// the name, a mark, the attributes. Marks: `?` at most once; `~` changes no physics and is ignored, with all that it
// holds; `-` is MJCF, but its physics is not supported. `$name` stands for a group of attributes.

import { clip, fail, type Node } from "./xml.js";

const groups: Record<string, string> = {
  orientation: "quat axisangle xyaxes zaxis euler",
  sensor: "name nsample interp delay interval cutoff noise user",
  frame: "objtype objname",
  reference: "objtype objname reftype refname",
  pair: "geom1 geom2 body1 body2",
  joint:
    "type group pos axis springdamper limited actuatorfrclimited solreflimit solimplimit solreffriction " +
    "solimpfriction stiffness range actuatorfrcrange actuatorgravcomp margin ref springref armature damping " +
    "frictionloss user",
  geom:
    "type contype conaffinity condim group priority size material friction mass density shellinertia solmix solref " +
    "solimp margin gap surfacevel adhesion fromto pos $orientation hfield mesh fitscale rgba fluidshape fluidcoef user",
  site: "type group pos $orientation material size fromto rgba user",
  camera:
    "projection fovy ipd resolution output pos $orientation mode focal focalpixel principal principalpixel " +
    "sensorsize user",
  light:
    "directional type castshadow active pos dir bulbradius intensity range attenuation cutoff softness exponent " +
    "ambient diffuse specular mode",
  material: "texture texrepeat texuniform emission specular shininess reflectance metallic roughness rgba",
  tendon:
    "group limited range solreflimit solimplimit solreffriction solimpfriction frictionloss springlength margin " +
    "stiffness damping user",
  actuator:
    "group nsample interp delay ctrlrange user ctrllimited forcelimited forcerange gear damping armature cranklength",
  transmission: "joint jointinparent tendon slidersite cranksite site refsite lengthrange",
  general:
    "actlimited actrange actdim input velrange ffrange dyntype gaintype biastype dynprm gainprm biasprm actearly",
  position: "inheritrange kp kv dampratio timeconst",
};

// what a body, the world and a frame hold
const bodyContent = `
  geom name class $geom
    plugin -
  site name class $site
  camera ~ name class target $camera
  light ~ name class target texture $light
  attach -
  plugin -
  composite -
  flexcomp -
  replicate -`;
const joints = `
  inertial ? pos mass diaginertia fullinertia $orientation
  joint name class $joint
  freejoint name group align`;

const frameSensors = "framepos framequat framexaxis frameyaxis framezaxis framelinvel frameangvel";
const siteSensors = "touch accelerometer velocimeter gyro force torque magnetometer";
const jointSensors = "jointpos jointvel jointactuatorfrc ballquat ballangvel jointlimitpos jointlimitvel jointlimitfrc";
const tendonSensors = "tendonpos tendonvel tendonactuatorfrc tendonlimitpos tendonlimitvel tendonlimitfrc";

function eachOf(names: string, rest: string): string {
  return names
    .split(" ")
    .map((name) => `\n  ${name} ${rest}`)
    .join("");
}

function indent(lines: string): string {
  return lines.replaceAll("\n", "\n  ");
}

const sections = `
compiler autolimits boundmass boundinertia settotalmass balanceinertia strippath coordinate angle fitaabb eulerseq meshdir texturedir discardvisual usethread fusestatic inertiafromgeom inertiagrouprange saveinertial assetdir alignfree conflict
  lengthrange ~? mode useexisting uselimit accel maxforce timeconst timestep inttotal interval tolrange
option timestep impratio tolerance ls_tolerance noslip_tolerance ccd_tolerance sleep_tolerance gravity wind magnetic density viscosity o_margin o_solref o_solimp o_friction integrator cone jacobian solver iterations ls_iterations noslip_iterations ccd_iterations sdf_iterations sdf_initpoints actuatorgroupdisable
  flag ? constraint equality frictionloss limit contact spring damper gravity clampctrl warmstart filterparent actuation refsafe sensor midphase eulerdamp autoreset nativeccd island multiccd override energy fwdinv invdiscrete sleep diagexact
size ~ memory njmax nconmax nstack nuserdata nkey nuser_body nuser_jnt nuser_geom nuser_site nuser_cam nuser_tendon nuser_actuator nuser_sensor
statistic ~ meaninertia meanmass meansize extent center
visual ~
  global ? cameraid orthographic fovy ipd azimuth elevation linewidth glow offwidth offheight realtime ellipsoidinertia bvactive
  quality ? shadowsize offsamples numslices numstacks numquads
  headlight ? ambient diffuse specular active
  map ? stiffness stiffnessrot force torque alpha fogstart fogend znear zfar haze shadowclip shadowscale actuatortendon
  scale ? forcewidth contactwidth contactheight connect com camera light selectpoint jointlength jointwidth actuatorlength actuatorwidth framelength framewidth constraint slidercrank frustum
  rgba ? fog haze force inertia joint actuator actuatornegative actuatorpositive com camera light selectpoint connect contactpoint contactforce contactfriction contacttorque contactgap rangefinder constraint slidercrank crankbroken frustum bv bvactive
default class
  mesh ~? scale maxhullvert inertia
  material ~? $material
    layer texture role
  joint ? $joint
  geom ? $geom
  site ? $site
  camera ~? $camera
  light ~? $light
  pair ~? condim friction solref solreffriction solimp gap margin adhesion
  equality ? active solref solimp
  tendon ? width material rgba $tendon
  general ? $actuator $general
  motor ? $actuator
  position ? $actuator $position
  velocity ? $actuator kv
${eachOf("intvelocity orientation pid damper cylinder muscle adhesion dcmotor", "-")}
extension -
asset ~
  mesh name class content_type file vertex normal texcoord face refpos refquat scale smoothnormal maxhullvert inertia builtin params material
    plugin -
  hfield name content_type file nrow ncol size elevation
  skin name file material rgba inflate vertex texcoord face group
    bone body bindpos bindquat vertid vertweight
  texture name type colorspace content_type file gridsize gridlayout fileright fileleft fileup filedown filefront fileback builtin rgb1 rgb2 mark markrgb random width height hflip vflip nchannel
  material name class $material
    layer texture role
  model -
worldbody${bodyContent}
  body name childclass pos $orientation mocap gravcomp sleep simple user${indent(bodyContent)}${indent(joints)}
  frame name childclass pos $orientation${indent(bodyContent)}${indent(joints)}
deformable
  flex -
  skin ~ name file material rgba inflate vertex texcoord face group
    bone body bindpos bindquat vertid vertweight
contact
  pair -
  exclude name body1 body2
tendon
  spatial -
  fixed name class actuatorfrclimited actuatorfrcrange armature $tendon
    joint joint coef
equality
  weld name class body1 body2 site1 site2 relpose anchor torquescale active solref solimp
${eachOf("connect joint tendon flex flexvert flexstrain", "-")}
actuator
  general name class body $actuator $transmission $general
  motor name class $actuator $transmission
  position name class $actuator $transmission $position
  velocity name class kv $actuator $transmission
${eachOf("intvelocity orientation pid damper cylinder muscle adhesion dcmotor plugin", "-")}
sensor ~
${eachOf(siteSensors, "$sensor site")}
${eachOf(jointSensors, "$sensor joint")}
${eachOf(tendonSensors, "$sensor tendon")}
${eachOf("actuatorpos actuatorvel actuatorfrc", "$sensor actuator")}
${eachOf("subtreecom subtreelinvel subtreeangmom", "$sensor body")}
${eachOf(frameSensors, "$sensor $reference")}
${eachOf("framelinacc frameangacc", "$sensor $frame")}
${eachOf("distance normal fromto", "$sensor $pair")}
${eachOf("e_potential e_kinetic clock", "$sensor")}
  camprojection $sensor site camera
  rangefinder $sensor site camera data
  insidesite $sensor site $frame
  contact $sensor $pair subtree1 subtree2 site num data reduce
  tactile name geom mesh nsample interp delay interval user
  user name objtype objname datatype needstage dim cutoff noise user
  plugin -
custom ~
  numeric name size data
  text name data
  tuple name
    element objtype objname prm
keyframe ~
  key name time qpos qvel act mpos mquat ctrl`;

interface Rule {
  readonly name: string;
  readonly attributes: ReadonlySet<string>;
  readonly children: Map<string, Rule>;
  readonly once: boolean;
  readonly refused: boolean;
}

function expand(words: string): string[] {
  return words.split(" ").flatMap((word) => {
    if (word.startsWith("$")) return expand(groups[word.slice(1)]);
    return word === "" ? [] : [word];
  });
}

function parseRules(): Rule {
  const root = rule("mujoco", "", ["model"]);
  const path = [root];
  for (const line of sections.split("\n").filter((text) => text.trim() !== "")) {
    const [name, ...words] = line.trim().split(" ");
    const mark = /^[?~-]+$/.test(words[0] ?? "") ? words[0] : "";
    const parent = (line.length - line.trimStart().length) / 2;
    const added = rule(name, mark, expand((mark === "" ? words : words.slice(1)).join(" ")));
    path[parent].children.set(name, added);
    path.length = parent + 1;
    path.push(added);
  }
  // what nests: classes, bodies, frames
  const get = (parent: Rule | undefined, name: string): Rule => parent?.children.get(name) as Rule;
  const classes = get(root, "default");
  classes.children.set("default", classes);
  const [body, frame] = ["body", "frame"].map((name) => get(get(root, "worldbody"), name));
  for (const holder of [body, frame]) holder.children.set("body", body).set("frame", frame);
  return root;
}

function rule(name: string, mark: string, attributes: readonly string[]): Rule {
  const [once, refused] = [mark.includes("?"), mark.includes("-")];
  return { name, attributes: new Set(attributes), children: new Map(), once, refused };
}

let rules: Rule | undefined;

/** Refuses a document with an element or attribute that MJCF does not have there, or that is not supported. */
export function checkSchema(root: Node): void {
  rules ??= parseRules();
  if (root.name !== "mujoco") fail(root, "is the root: expected <mujoco>");
  check(root, rules);
}

function check(node: Node, { attributes, children }: Rule): void {
  for (const name of Object.keys(node.attributes)) {
    if (!attributes.has(name)) fail(node, `has no attribute "${clip(name)}"`);
  }
  const seen = new Set<string>();
  for (const child of node.children) {
    const found = children.get(child.name);
    if (found === undefined) fail(child, `is no element of MJCF here, in <${node.name}>`);
    if (found.refused) fail(child, `in <${node.name}> is not supported: this engine does not have it`);
    if (found.once && seen.has(child.name)) fail(child, `is there twice in <${node.name}>`);
    seen.add(child.name);
    check(child, found);
  }
}
