import { render, type VNode } from 'preact';
import '@fontsource-variable/figtree/index.css';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/overview.css';
import './style/migration.css';
import './style/lists.css';
import './style/dialog.css';
import { startReadingJournal } from './client/journal.ts';
import { isLocked, startFollowing } from './client/live.ts';
import { place, type Place } from './client/place.ts';
import { keepReadingSession, openRememberedView } from './client/sign-in.ts';
import { MigrationView } from './views/migration.tsx';
import { MovesView } from './views/moves.tsx';
import { OrderDialog } from './views/order.tsx';
import { Overview } from './views/overview.tsx';
import { RoutesView } from './views/routes.tsx';
import { Shell } from './views/shell.tsx';
import { SignIn } from './views/sign-in.tsx';

function Page() {
  const { title, view } = isLocked.value ? { title: 'Sign in', view: <SignIn /> } : viewAt(place.value);
  return (
    <>
      <Shell title={title}>{view}</Shell>
      <OrderDialog />
    </>
  );
}

function viewAt(at: Place): { title: string; view: VNode } {
  switch (at.view) {
    case 'overview':
      return { title: 'Overview', view: <Overview /> };
    case 'migration':
      return { title: at.name, view: <MigrationView key={at.name} name={at.name} /> };
    case 'routes':
      return { title: 'Routes', view: <RoutesView query={at.query} /> };
    case 'moves':
      return { title: 'Moves', view: <MovesView /> };
  }
}

const page = document.getElementById('page');
if (!page) throw new Error('The page has no element #page.');
openRememberedView();
startFollowing();
startReadingJournal();
keepReadingSession();
render(<Page />, page);
