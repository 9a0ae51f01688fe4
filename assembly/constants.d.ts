// Constants of a build target, set in asconfig.json: the width of a lane of the simulation.
declare const LANE_BITS: i32;
