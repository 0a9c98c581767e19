import { EntitySchema } from 'typeorm';

export interface CategoryRow {
  catId: number;
  catNm: string;
  parntId: number | null;
}

export const Category = new EntitySchema<CategoryRow>({
  name: 'Category',
  tableName: 'prod_cat',
  columns: {
    catId: { name: 'cat_id', type: 'integer', primary: true, generated: true },
    catNm: { name: 'cat_nm', type: 'varchar' },
    parntId: { name: 'parnt_id', type: 'integer', nullable: true },
  },
});

export interface ProductRow {
  prodId: number;
  stkCd: string;
  prodNm: string | null;
  catId: number | null;
  unitPrc: string;
  statCd: string;
  qtyOh: number;
  reordLvl: number | null;
  crtDt: string;
  updDt: string | null;
}

/** Timestamps are declared as text, or TypeORM would cut them down to a Date's milliseconds. */
export const Product = new EntitySchema<ProductRow>({
  name: 'Product',
  tableName: 'tbl_products',
  columns: {
    prodId: { name: 'prod_id', type: 'integer', primary: true, generated: true },
    stkCd: { name: 'stk_cd', type: 'varchar' },
    prodNm: { name: 'prod_nm', type: 'text', nullable: true },
    catId: { name: 'cat_id', type: 'integer', nullable: true },
    unitPrc: { name: 'unit_prc', type: 'numeric' },
    statCd: { name: 'stat_cd', type: 'char', default: 'A' },
    qtyOh: { name: 'qty_oh', type: 'integer', default: 0 },
    reordLvl: { name: 'reord_lvl', type: 'integer', nullable: true },
    crtDt: { name: 'crt_dt', type: 'text', default: () => 'now()' },
    updDt: { name: 'upd_dt', type: 'text', nullable: true },
  },
});

export interface StockMovementRow {
  mvmtId: string;
  prodId: number;
  qty: number;
  rsnCd: string;
  unitPrc: string | null;
  refNo: string | null;
  mvmtDt: string;
}

export const StockMovement = new EntitySchema<StockMovementRow>({
  name: 'StockMovement',
  tableName: 'stk_mvmt',
  columns: {
    mvmtId: { name: 'mvmt_id', type: 'bigint', primary: true, generated: true },
    prodId: { name: 'prod_id', type: 'integer' },
    qty: { name: 'qty', type: 'integer' },
    rsnCd: { name: 'rsn_cd', type: 'char' },
    unitPrc: { name: 'unit_prc', type: 'numeric', nullable: true },
    refNo: { name: 'ref_no', type: 'varchar', nullable: true },
    mvmtDt: { name: 'mvmt_dt', type: 'text', default: () => 'now()' },
  },
});
