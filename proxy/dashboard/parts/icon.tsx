/** Drawn on a grid of 16; a shape besides each colour, so that no colour stands alone. */
const SHAPES = {
  good: 'M3 8.5l3.2 3.2L13 4.8',
  attention: 'M8 4.2v4.6M8 11.6v.4',
  bad: 'M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6',
  plain: 'M5 8h6',
  back: 'M6.5 3.5L3 7l3.5 3.5M3 7h6.5a3.5 3.5 0 010 7H7',
  next: 'M3 8h9M8.5 4.5L12 8l-3.5 3.5',
  sun: 'M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1',
  moon: 'M13 9.6A5.4 5.4 0 016.4 3 5.4 5.4 0 1013 9.6z',
  auto: 'M8 2.2a5.8 5.8 0 100 11.6V2.2z M8 2.2a5.8 5.8 0 010 11.6',
  search: 'M7 2.8a4.2 4.2 0 100 8.4 4.2 4.2 0 000-8.4zM10.2 10.2l3 3',
  together: 'M6.5 9.5l3-3M7.3 4.6l1-1a2.9 2.9 0 014.1 4.1l-1 1M8.7 11.4l-1 1a2.9 2.9 0 01-4.1-4.1l1-1',
  lost: 'M2 8h3l1.5-3M14 8h-3l-1.5 3M7 11l2-6',
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}
