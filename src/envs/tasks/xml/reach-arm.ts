// An arm of seven hinges with two fingers, drawn for this package: shoulder (turn, pitch, roll), elbow, forearm (roll), wrist
// (pitch, roll), with a reach of 0.82 m from shoulder to wrist. The file is the posture in which episodes begin, elbow up and
// fingers down, so that every joint is at 0 there and every frame along the world's. Its weight is balanced in the joints, as
// in arms that work beside people, which a world without gravity stands for: nothing else here falls. A body that is moved by
// hand leads the gripper through a weld; nothing touches anything.
export const xml: string = `<mujoco model="reach-arm">
  <compiler angle="radian"/>
  <option timestep="0.002" gravity="0 0 0"/>
  <default>
    <geom type="capsule" contype="0" conaffinity="0" density="600" rgba="0.75 0.78 0.8 1"/>
    <joint type="hinge" damping="8" armature="0.05"/>
    <default class="finger">
      <joint type="slide" axis="0 1 0" range="0 0.05" limited="true" damping="20" armature="0.2"/>
      <geom type="box" size="0.012 0.006 0.03" rgba="0.3 0.3 0.32 1"/>
      <position kp="2000" ctrlrange="0 0.05" ctrllimited="true"/>
    </default>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="2 2 0.1" rgba="0.9 0.9 0.88 1"/>
    <geom name="column" type="cylinder" size="0.09 0.3" pos="0 0 0.3" rgba="0.35 0.38 0.42 1"/>
    <body name="hand" mocap="true" pos="0.68 0 0.5">
      <geom type="box" size="0.01 0.01 0.01" rgba="0.9 0.5 0.1 0.4"/>
    </body>
    <body name="turret" pos="0 0 0.6">
      <joint name="shoulder-turn" axis="0 0 1"/>
      <geom fromto="0 0 0.02 0.08 0 0.06" size="0.07"/>
      <body name="shoulder" pos="0.08 0 0.06">
        <joint name="shoulder-pitch" axis="0 1 0"/>
        <geom type="sphere" size="0.075"/>
        <body name="upper-arm">
          <joint name="shoulder-roll" axis="0.34 0 0.26"/>
          <geom fromto="0.03 0 0.023 0.34 0 0.26" size="0.05"/>
          <body name="elbow" pos="0.34 0 0.26">
            <joint name="elbow-pitch" axis="0 1 0"/>
            <geom type="sphere" size="0.055"/>
            <body name="forearm">
              <joint name="forearm-roll" axis="0.26 0 -0.3"/>
              <geom fromto="0.02 0 -0.023 0.26 0 -0.3" size="0.04"/>
              <body name="wrist" pos="0.26 0 -0.3">
                <joint name="wrist-pitch" axis="0 1 0"/>
                <geom fromto="0 0 0 0 0 -0.08" size="0.035"/>
                <body name="gripper" pos="0 0 -0.12">
                  <joint name="wrist-roll" axis="0 0 1"/>
                  <geom type="box" size="0.03 0.06 0.02"/>
                  <site name="grip" pos="0 0 -0.08" size="0.01"/>
                  <body name="left" pos="0 0.012 -0.05" childclass="finger"><joint name="left"/><geom/></body>
                  <body name="right" pos="0 -0.012 -0.05" childclass="finger"><joint name="right" axis="0 -1 0"/><geom/></body>
                </body>
              </body>
            </body>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <equality>
    <weld body1="hand" body2="gripper" relpose="0 0 0 1 0 0 0"/>
  </equality>
  <actuator>
    <position class="finger" joint="left"/>
    <position class="finger" joint="right"/>
  </actuator>
</mujoco>
`;
