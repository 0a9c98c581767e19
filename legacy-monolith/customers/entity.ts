import { EntitySchema } from 'typeorm';

export interface CustomerRow {
  custId: number;
  custNo: string | null;
  nm: string | null;
  eml: string | null;
  ctry: string | null;
  crtDt: string;
}

export const Customer = new EntitySchema<CustomerRow>({
  name: 'Customer',
  tableName: 'cust_mst',
  columns: {
    custId: { name: 'cust_id', type: 'integer', primary: true, generated: true },
    custNo: { name: 'cust_no', type: 'varchar', nullable: true },
    nm: { name: 'nm', type: 'varchar', nullable: true },
    eml: { name: 'eml', type: 'varchar', nullable: true },
    ctry: { name: 'ctry', type: 'varchar', nullable: true },
    crtDt: { name: 'crt_dt', type: 'text', default: () => 'now()' },
  },
});
