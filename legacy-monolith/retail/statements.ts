/** The invoice lines as they came: text is not trimmed, nothing is left out. */
export const CREATE_RAW = `
  CREATE TEMP TABLE raw_line (
    line integer GENERATED ALWAYS AS IDENTITY,
    invoice text, code text, dsc text, qty integer, at timestamp, price numeric, customer text, country text
  ) ON COMMIT DROP`;

export const COPY_RAW = `
  COPY raw_line (invoice, code, dsc, qty, at, price, customer, country) FROM STDIN WITH (FORMAT csv, HEADER true)`;

const CATEGORIES = `
  WITH gifts AS (INSERT INTO prod_cat (cat_nm) VALUES ('Gifts') RETURNING cat_id)
  INSERT INTO prod_cat (cat_nm, parnt_id)
  SELECT name, CASE WHEN name = 'Christmas' THEN (SELECT cat_id FROM gifts) END
    FROM unnest(ARRAY['Christmas', 'Bags', 'Lights', 'Kitchen', 'Home', 'Paper', 'Garden']) name`;

/** Words that name a category, in the order in which they win; everything else that has a name is a gift. */
const KEYWORDS = `
  VALUES (1, 'Christmas', 'CHRISTMAS|XMAS|ADVENT'), (2, 'Bags', 'BAG|PURSE'),
         (3, 'Lights', 'LIGHT|LANTERN|CANDLE|LAMP'), (4, 'Garden', 'GARDEN|PLANT|FLOWER'),
         (5, 'Kitchen', 'MUG|CUP|TEA|PLATE|BOWL|CAKE|TIN|JAR|BOTTLE|KITCHEN'),
         (6, 'Paper', 'CARD|PAPER|WRAP|TISSUE|STICKER|NOTEBOOK'),
         (7, 'Home', 'CLOCK|FRAME|SIGN|CUSHION|HOOK|DOOR|MIRROR'), (8, 'Gifts', '')`;

/** Codes that differ only in case are two products: the shop's column always told them apart. */
const PRODUCTS = `
  WITH first_seen AS (
    SELECT code, min(line) AS line, min(at) AS first_at, max(at) AS last_at FROM raw_line GROUP BY code
  ), names AS (
    SELECT DISTINCT ON (code) code, dsc FROM raw_line WHERE btrim(dsc) <> '' ORDER BY code, line
  ), prices AS (
    SELECT DISTINCT ON (code) code, price FROM raw_line WHERE price >= 0 ORDER BY code, at DESC, line DESC
  )
  INSERT INTO tbl_products (stk_cd, prod_nm, cat_id, unit_prc, stat_cd, qty_oh, reord_lvl, crt_dt)
  SELECT s.code, n.dsc,
         (SELECT c.cat_id FROM (${KEYWORDS}) k (rank, name, words) JOIN prod_cat c ON c.cat_nm = k.name
           WHERE n.dsc ~ k.words ORDER BY k.rank LIMIT 1),
         round(coalesce(p.price, 0), 2),
         CASE WHEN n.dsc IS NULL THEN 'H'
              WHEN s.last_at < (SELECT max(at) FROM raw_line) - interval '180 days' THEN 'D' ELSE 'A' END,
         s.line * 37 % 500, CASE WHEN s.line % 3 > 0 THEN 20 END, s.first_at
    FROM first_seen s LEFT JOIN names n USING (code) LEFT JOIN prices p USING (code)
   ORDER BY s.line`;

/** Some customers moved: the country is the one on their last invoice. */
const CUSTOMERS = `
  INSERT INTO cust_mst (cust_no, ctry, crt_dt)
  SELECT customer, (array_agg(country ORDER BY line DESC))[1], min(at)
    FROM raw_line WHERE customer IS NOT NULL GROUP BY customer ORDER BY customer`;

/** Invoices that begin with C are credit notes. All stock of the past counts as booked. */
const ORDERS = `
  INSERT INTO ord_hdr (ord_no, cust_id, stat_cd, tot_amt, ord_dt, stk_bkd)
  SELECT r.invoice, c.cust_id, CASE WHEN r.invoice LIKE 'C%' THEN 'X' ELSE 'P' END, r.total, r.at, 'Y'
    FROM (SELECT invoice, min(customer) AS customer, sum(qty * price) AS total, min(at) AS at, min(line) AS line
            FROM raw_line GROUP BY invoice) r
    LEFT JOIN cust_mst c ON c.cust_no = r.customer
   ORDER BY r.line`;

const ORDER_LINES = `
  INSERT INTO ord_ln (ord_id, ln_no, prod_id, dsc_txt, qty, unit_prc)
  SELECT o.ord_id, row_number() OVER (PARTITION BY o.ord_id ORDER BY r.line), p.prod_id, r.dsc, r.qty, r.price
    FROM raw_line r JOIN ord_hdr o ON o.ord_no = r.invoice JOIN tbl_products p ON p.stk_cd = r.code`;

const STOCK_MOVEMENTS = `
  INSERT INTO stk_mvmt (prod_id, qty, rsn_cd, unit_prc, ref_no, mvmt_dt)
  SELECT p.prod_id, r.qty,
         CASE WHEN r.invoice LIKE 'C%' THEN 'R' WHEN r.qty < 0 OR r.invoice LIKE 'A%' THEN 'A' ELSE 'S' END,
         r.price, r.invoice, r.at
    FROM raw_line r JOIN tbl_products p ON p.stk_cd = r.code
   ORDER BY r.line`;

const PAYMENTS = `
  INSERT INTO pymt (ord_id, mthd_cd, amt, pymt_dt)
  SELECT ord_id, (ARRAY['C', 'I', 'K'])[1 + ord_id % 3], tot_amt, ord_dt
    FROM ord_hdr WHERE tot_amt <> 0 ORDER BY ord_id`;

/** Identities come from the sequences as rows are inserted, so the sequences are right afterwards. */
export const STEPS = [
  { step: 'categories', sql: CATEGORIES },
  { step: 'products', sql: PRODUCTS },
  { step: 'customers', sql: CUSTOMERS },
  { step: 'orders', sql: ORDERS },
  { step: 'order lines', sql: ORDER_LINES },
  { step: 'stock movements', sql: STOCK_MOVEMENTS },
  { step: 'payments', sql: PAYMENTS },
];

/** Checking a foreign key once for the whole table costs a tenth of checking it row by row. */
export const FOREIGN_KEYS = `
  SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS lift,
         format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                pg_get_constraintdef(oid)) AS restore
    FROM pg_constraint
   WHERE contype = 'f' AND conrelid IN ('ord_ln'::regclass, 'stk_mvmt'::regclass, 'pymt'::regclass)`;
