// Small MJCF documents that between them have every kind of contact and of constraint parameter: friction of both kinds,
// parallel capsules, oblique and upside-down planes, trees that touch each other, branches of one tree that do, limits with
// margins wider than the range, direct stiffness, impedance of any power, gaps, impratio, time constants below two steps.

export const constraintModels: Readonly<Record<string, string>> = {
  "free bodies": `<mujoco><option timestep="0.004"/><worldbody>
    <geom type="plane" size="5 5 1" friction="0.8 0.005 0.0001"/>
    <body pos="0 0 0.25"><freejoint/><geom type="capsule" size="0.1 0.2" friction="0.5 0.005 0.0001"/></body>
    <body pos="0.25 0.05 0.25"><freejoint/><geom type="capsule" size="0.08 0.25" euler="20 10 0" friction="1.3 0.005 0.0001"/></body>
    <body pos="0.1 0.22 0.3"><freejoint/><geom type="sphere" size="0.12"/></body>
    <body pos="0.1 0.1 0.55"><freejoint/><geom type="sphere" size="0.15"/></body>
  </worldbody></mujoco>`,
  branches: `<mujoco><compiler angle="radian"/><option timestep="0.005" impratio="3"/>
    <default><geom friction="0.7" solimp="0.8 0.97 0.01 0.3 3" solref="-3000 -80"/>
      <joint armature="0.02" solreflimit="0.03 0.7" solimplimit="0.85 0.98 0.02 0.4 1" limited="true"/></default>
    <worldbody><geom type="plane" size="5 5 1" zaxis="0.3 0.2 1" pos="0 0 -0.4"/><geom type="sphere" size="0.2" pos="0.5 0 0"/>
      <body pos="0 0 0.3"><joint type="slide" axis="0 0 1" range="-2 2" margin="0.01"/><joint axis="0 1 0" range="-1 1" margin="0.02"/>
        <geom type="capsule" size="0.08" fromto="0 0 0 0 0 -0.3"/>
        <body pos="0 0.1 -0.3"><joint axis="1 0 0" range="-0.8 0.8"/><joint axis="0 1 0" range="-0.8 0.8"/>
          <geom type="capsule" size="0.06" fromto="0 0 0 0.1 0.1 -0.3"/>
          <body pos="0.1 0.1 -0.3"><joint axis="0 1 0" range="0 0.01" margin="0.1"/><geom type="sphere" size="0.09"/></body></body>
        <body pos="0 -0.1 -0.3"><joint axis="1 0 0" range="-0.8 0.8"/><joint axis="0 1 0" range="-0.8 0.8"/>
          <geom type="capsule" size="0.06" fromto="0 0 0 0.1 -0.1 -0.3"/>
          <body pos="0.1 -0.1 -0.3"><joint axis="0 1 0" range="-1 1"/><geom type="capsule" size="0.05" fromto="0 0 0 0 0.15 -0.05"/></body></body>
      </body></worldbody></mujoco>`,
  gaps: `<mujoco><option timestep="0.002"><flag refsafe="disable"/></option>
    <default><geom solref="0.003 1" margin="0.01" gap="0.004"/></default><worldbody>
    <body pos="0 0 0.15" euler="0 8 0"><geom type="plane" size="1 1 .1" euler="0 -8 0"/></body>
    <body pos="0.1 0 0.3"><freejoint/><geom type="sphere" size="0.1" condim="1"/></body>
    <body pos="-0.2 0 0.3"><freejoint/><geom type="capsule" size="0.08 0.1" euler="80 5 0"/></body></worldbody></mujoco>`,
  parallel: `<mujoco><worldbody><geom type="capsule" size="0.1 0.3" euler="0 90 0"/><geom type="capsule" size="0.1 0.3" pos="0 1 0"/>
    <body pos="0.1 0.02 0.19"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/><joint axis="0 0 1"/>
      <geom type="capsule" size="0.1 0.25" euler="0 90 0"/></body>
    <body pos="0.1 1.18 0"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/><geom type="capsule" size="0.1 0.25"/></body>
    </worldbody></mujoco>`,
  walls: `<mujoco><worldbody><geom type="plane" size="5 5 1" zaxis="0 -1 0" pos="0 0.3 0"/>
    <geom type="plane" size="5 5 1" zaxis="1 0 0" pos="-0.4 0 0" condim="1"/>
    <body><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 1 0"/><joint axis="1 1 0"/>
      <geom type="capsule" size="0.1 0.3" euler="30 40 0" condim="1"/><geom type="sphere" size="0.15" pos="0 0.2 0"/></body>
    </worldbody></mujoco>`,
};
