export function measured(value: number | null | undefined): string;
export function figure(value: number | null | undefined): string;
export function clockTime(seconds: number, totalSeconds: number): string;
export function percentileName(place: number): string;
