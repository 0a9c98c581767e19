import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { asking } from '../client/call.ts';
import { fresh, isLocked, migrations } from '../client/live.ts';
import { order } from '../client/ordering.ts';
import { addressOf, place, type Place } from '../client/place.ts';
import { session } from '../client/session.ts';
import { signOut } from '../client/sign-in.ts';
import { nextTheme, theme } from '../client/theme.ts';
import { Icon } from '../parts/icon.tsx';

/** What stands around every view: where one is, how fresh it is, and the way back. */
export function Shell({ title, children }: { title: string; children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null);
  const address = location.hash.split('?')[0];
  useEffect(() => {
    document.title = `${title} – Strangler`;
  }, [title]);
  const isFirst = useRef(true);
  useEffect(() => {
    // Whoever goes to another view by keyboard or hears the page should be there, and not in the old menu.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    scrollTo(0, 0);
  }, [address]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={addressOf.overview}>
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>Strangler</span>
        </a>
        {!isLocked.value && <Menu />}
        <Connection />
        {!isLocked.value && <RollBackAnywhere />}
        <Who />
        <ThemeSwitch />
      </header>
      <StaleNotice />
      <main id="main" ref={main} tabIndex={-1} data-fresh={fresh.value.state} aria-busy={asking.value > 0}>
        {children}
      </main>
    </>
  );
}

const ENTRIES: readonly [Place['view'], string, string][] = [
  ['overview', 'Overview', addressOf.overview],
  ['routes', 'Routes', addressOf.routes],
  ['moves', 'Moves', addressOf.moves],
];

function Menu() {
  const { view } = place.value;
  return (
    <nav aria-label="Views">
      {ENTRIES.map(([name, words, href]) => (
        <a key={name} href={href} aria-current={view === name ? 'page' : undefined}>
          {words}
        </a>
      ))}
    </nav>
  );
}

const SHAPE = { fresh: 'good', stale: 'lost', waiting: 'attention' } as const;

function Connection() {
  const { state, short, age } = fresh.value;
  return (
    <div class="connection" data-state={state}>
      <span role="status">
        <Icon name={SHAPE[state]} />
        <span id="connection">{short}</span>
      </span>
      <span class="quiet age">{age}</span>
    </div>
  );
}

function StaleNotice() {
  const { notice, state } = fresh.value;
  return (
    <div class="notice" role="alert" data-state={state} hidden={notice === ''}>
      <Icon name="lost" /> {notice}
    </div>
  );
}

/** The way back, one click away wherever one is; with several, the one that is looked at comes first. */
function RollBackAnywhere() {
  const looked = place.value.view === 'migration' ? place.value.name : '';
  const able = migrations.value.filter(({ back, moving }) => back !== null && moving === null);
  const [first] = [...able].sort((a, b) => Number(b.name === looked) - Number(a.name === looked));
  if (!first) return null;
  return (
    <button type="button" class="back" onClick={() => order({ migration: first.name, verb: 'rollback' })}>
      <Icon name="back" /> Roll back …
    </button>
  );
}

/** Who is signed in; nothing where nobody needs to be. */
function Who() {
  const { value } = session;
  if (value?.by !== 'session') return null;
  return (
    <div class="who">
      <span class="quiet">
        <b>{value.name ?? 'shared token'}</b>, {value.role}
      </span>
      <button type="button" class="small" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}

const THEMES = { auto: 'as the system', light: 'light', dark: 'dark' } as const;
const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

function ThemeSwitch() {
  return (
    <button type="button" class="bare" onClick={nextTheme} title={`Colours: ${THEMES[theme.value]}`}>
      <Icon name={THEME_ICONS[theme.value]} />
      <span class="spoken">Colours: {THEMES[theme.value]}. Change</span>
    </button>
  );
}
