import { EntitySchema } from 'typeorm';

/** What happened and was not published yet. A row goes when the broker has the event. */
export interface OutboxRow {
  id: string;
  eventId: string;
  name: string;
  subject: string;
  time: string;
  data: object;
}

export const Outbox = new EntitySchema<OutboxRow>({
  name: 'Outbox',
  tableName: 'event_outbox',
  columns: {
    id: { type: 'bigint', primary: true, generated: true },
    eventId: { name: 'event_id', type: 'varchar' },
    name: { type: 'varchar' },
    subject: { type: 'varchar' },
    time: { type: 'varchar' },
    data: { type: 'simple-json' },
  },
});

/** The last event that was taken of each subject. */
export interface InboxRow {
  subject: string;
  sequence: string;
  eventId: string;
}

export const Inbox = new EntitySchema<InboxRow>({
  name: 'Inbox',
  tableName: 'event_inbox',
  columns: {
    subject: { type: 'varchar', primary: true },
    sequence: { type: 'varchar' },
    eventId: { name: 'event_id', type: 'varchar' },
  },
});
