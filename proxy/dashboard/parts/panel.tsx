import type { ComponentChildren } from 'preact';

interface Props {
  title: string;
  /** Beside the title, at the right. */
  aside?: ComponentChildren;
  children: ComponentChildren;
}

/** A titled part of a view. */
export function Panel({ title, aside, children }: Props) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  return (
    <section class="panel sheet" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
