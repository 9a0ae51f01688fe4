// asciichart comes without types; this is what is used of it.
declare module "asciichart" {
  export function plot(series: readonly number[], options?: { height?: number; colors?: readonly string[] }): string;
  export const green: string;
}
