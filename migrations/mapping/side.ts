export type Side = 'monolith' | 'service';
export const SIDES: readonly Side[] = ['monolith', 'service'];
export const otherSide = (side: Side): Side => (side === 'monolith' ? 'service' : 'monolith');
