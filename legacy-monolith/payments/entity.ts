import { EntitySchema } from 'typeorm';

export interface PaymentRow {
  pymtId: number;
  ordId: number;
  mthdCd: string;
  amt: string;
  statCd: string;
  pymtDt: string;
}

export const Payment = new EntitySchema<PaymentRow>({
  name: 'Payment',
  tableName: 'pymt',
  columns: {
    pymtId: { name: 'pymt_id', type: 'integer', primary: true, generated: true },
    ordId: { name: 'ord_id', type: 'integer' },
    mthdCd: { name: 'mthd_cd', type: 'char' },
    amt: { name: 'amt', type: 'numeric' },
    statCd: { name: 'stat_cd', type: 'char', default: 'P' },
    pymtDt: { name: 'pymt_dt', type: 'text', default: () => 'now()' },
  },
});
