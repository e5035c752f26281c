/**
 * How lines look. Colours keep a contrast of 3 to 1 or more against their paper and stay apart for colour-blind readers
 * (after Okabe and Ito, darkened or lightened); dash and marker differ as well, so that no line is known by colour alone.
 */
export const themes = {
  light: {
    text: '#1f2328',
    muted: '#59636e',
    grid: '#e4e8ec',
    paper: '#ffffff',
    band: 'rgba(190, 50, 40, 0.13)',
    bandEdge: 'rgba(190, 50, 40, 0.75)',
    better: '#00755e',
    worse: '#c04d00',
    none: '#6b7480',
    looks: ['#0067a5', '#c94f00', '#00805f', '#a63d8f', '#7a6200', '#4b2e9e', '#a51c4a', '#5c636b'],
  },
  dark: {
    text: '#e6e9ed',
    muted: '#9aa5b1',
    grid: '#2b323b',
    paper: '#14181d',
    band: 'rgba(255, 120, 100, 0.16)',
    bandEdge: 'rgba(255, 140, 120, 0.8)',
    better: '#3fcfa8',
    worse: '#ff9152',
    none: '#9aa5b1',
    looks: ['#5cb8f2', '#ff9152', '#3fcfa8', '#e59bd4', '#e0c44c', '#b3a4ff', '#ff86a8', '#b9c1ca'],
  },
};

const dashes = [[], [9, 3], [3, 3], [9, 3, 2, 3], [14, 4], [2, 5], [6, 2, 2, 2, 2, 2], [2, 3]];
const markers = ['circle', 'triangle', 'rect', 'rectRot', 'crossRot', 'star', 'cross'];

/** Colour, dash and marker number `look`; they repeat together only after 56. */
export function lookOf(theme, look) {
  return {
    color: theme.looks[look % theme.looks.length],
    dash: dashes[look % dashes.length],
    marker: markers[look % markers.length],
  };
}

/** `#rrggbb` with an opacity. */
export function faded(color, opacity) {
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return `rgba(${parts.join(', ')}, ${opacity})`;
}
