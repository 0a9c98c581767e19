import { render } from 'preact';
import '@fontsource-variable/figtree/index.css';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/overview.css';
import './style/migration.css';
import './style/lists.css';
import './style/dialog.css';
import { isLocked, startFollowing } from './client/live.ts';
import { place } from './client/place.ts';
import { keepReadingSession } from './client/sign-in.ts';
import { MigrationView } from './views/migration.tsx';
import { MovesView } from './views/moves.tsx';
import { OrderDialog } from './views/order.tsx';
import { Overview } from './views/overview.tsx';
import { RoutesView } from './views/routes.tsx';
import { Shell } from './views/shell.tsx';
import { SignIn } from './views/sign-in.tsx';

function Page() {
  const at = place.value;
  if (isLocked.value)
    return (
      <Shell title="Sign in">
        <SignIn />
      </Shell>
    );
  return (
    <>
      {at.view === 'overview' && (
        <Shell title="Overview">
          <Overview />
        </Shell>
      )}
      {at.view === 'migration' && (
        <Shell title={at.name}>
          <MigrationView name={at.name} />
        </Shell>
      )}
      {at.view === 'routes' && (
        <Shell title="Routes">
          <RoutesView query={at.query} />
        </Shell>
      )}
      {at.view === 'moves' && (
        <Shell title="Moves">
          <MovesView />
        </Shell>
      )}
      <OrderDialog />
    </>
  );
}

const page = document.getElementById('page');
if (!page) throw new Error('The page has no element #page.');
startFollowing();
keepReadingSession();
render(<Page />, page);
