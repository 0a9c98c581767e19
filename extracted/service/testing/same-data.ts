/** The same catalog in both shapes: odd prices, missing names, codes that differ by case, microseconds. */
export const IN_MONOLITH = `
  INSERT INTO prod_cat (cat_nm, parnt_id) VALUES ('Gifts', NULL), ('Christmas', 1);
  INSERT INTO tbl_products (stk_cd, prod_nm, cat_id, unit_prc, stat_cd, qty_oh, reord_lvl, crt_dt, upd_dt) VALUES
    ('85123A', ' WHITE "HEART" HOLDER  ', 2, 2.55, 'A', 10, 20, '2010-12-01 08:26:00+00', NULL),
    ('85123a', NULL, NULL, 0, 'H', -3, NULL, '2010-12-01 08:26:00.5+00', '2011-01-02 03:04:05.000001+02'),
    ('50%_OFF', 'Crème Brûlée £', 1, 1234567890.05, 'D', 0, 0, '2010-12-01 08:26:00.123456+00', NULL),
    ('B', 'Adjust bad debt', 1, -0.05, 'A', 0, NULL, '2010-12-01 08:26:00.12+00', NULL),
    ('NEW', 'NEVER SOLD', NULL, 7, 'A', 0, NULL, '2010-12-01 08:26:00+00', NULL);
  INSERT INTO stk_mvmt (prod_id, qty, rsn_cd, unit_prc, ref_no, mvmt_dt) VALUES
    (1, 6, 'S', 2.55, '536365', '2010-12-01 08:26:00+00'), (1, -2, 'R', 0.001, 'C536379', '2010-12-01 09:41:00.1+00'),
    (1, -10, 'A', NULL, NULL, '2010-12-02 08:26:00+00'), (4, 1, 'A', -11062.06, 'A563186', '2011-08-12 14:51:00+00')`;

export const IN_CATALOG = `
  INSERT INTO category (name, parent_id) VALUES ('Gifts', NULL), ('Christmas', 1);
  INSERT INTO product (sku, name, category_id, price_minor, status, created_at, updated_at) VALUES
    ('85123A', ' WHITE "HEART" HOLDER  ', 2, 255, 'active', '2010-12-01 08:26:00+00', NULL),
    ('85123a', NULL, NULL, 0, 'hidden', '2010-12-01 08:26:00.5+00', '2011-01-02 03:04:05.000001+02'),
    ('50%_OFF', 'Crème Brûlée £', 1, 123456789005, 'discontinued', '2010-12-01 08:26:00.123456+00', NULL),
    ('B', 'Adjust bad debt', 1, -5, 'active', '2010-12-01 08:26:00.12+00', NULL),
    ('NEW', 'NEVER SOLD', NULL, 700, 'active', '2010-12-01 08:26:00+00', NULL);
  INSERT INTO stock_level VALUES (1, 10, 20), (2, -3, NULL), (3, 0, 0), (4, 0, NULL), (5, 0, NULL);
  INSERT INTO stock_movement (product_id, quantity, reason, unit_price, reference, moved_at) VALUES
    (1, 6, 'sale', 2.55, '536365', '2010-12-01 08:26:00+00'),
    (1, -2, 'return', 0.001, 'C536379', '2010-12-01 09:41:00.1+00'),
    (1, -10, 'adjustment', NULL, NULL, '2010-12-02 08:26:00+00'),
    (4, 1, 'adjustment', -11062.06, 'A563186', '2011-08-12 14:51:00+00')`;

/** The same carts in both shapes: of somebody and of nobody, with and without lines. */
export const CARTS: [monolith: string, service: string] = [
  `INSERT INTO cust_mst (nm) VALUES ('Ann');
   INSERT INTO tbl_products (stk_cd, prod_nm, unit_prc, stat_cd) VALUES
     ('85123A', 'LANTERN', 2.55, 'A'), ('B', NULL, 0.05, 'A'), ('C', 'GONE', 1, 'D');
   INSERT INTO shp_cart (cust_id) VALUES (1), (NULL), (NULL);
   INSERT INTO shp_cart_ln (cart_id, prod_id, qty) VALUES (1, 1, 2)`,
  `INSERT INTO cart (customer_id) VALUES (1), (NULL), (NULL);
   INSERT INTO cart_line (cart_id, product_id, quantity) VALUES (1, 1, 2)`,
];

/** The same orders in both shapes: odd amounts, lines without a description, microseconds. */
export const ORDERS: [monolith: string, service: string] = [
  `INSERT INTO cust_mst (nm) VALUES ('Ann');
   INSERT INTO ord_hdr (ord_no, cust_id, stat_cd, tot_amt, ord_dt) VALUES
     ('536365', 1, 'P', 139.12, '2010-12-01 08:26:00.000001+00'), (NULL, NULL, 'N', -0.05, '2010-12-01 08:26:00.5+00');
   INSERT INTO ord_ln (ord_id, ln_no, prod_id, dsc_txt, qty, unit_prc) VALUES
     (1, 2, 7, NULL, -1, 0.001), (1, 1, 1, 'LANTERN', 6, 2.55)`,
  `INSERT INTO customer_order (number, customer_id, status, total, ordered_at) VALUES
     ('536365', 1, 'paid', 139.12, '2010-12-01 08:26:00.000001+00'), (NULL, NULL, 'new', -0.05, '2010-12-01 08:26:00.5+00');
   INSERT INTO order_line (id, order_id, line_number, product_id, description, quantity, unit_price) VALUES
     (gen_random_uuid(), 1, 2, 7, NULL, -1, 0.001), (gen_random_uuid(), 1, 1, 1, 'LANTERN', 6, 2.55)`,
];

/** The same payments in both shapes. */
export const PAYMENTS: [monolith: string, service: string] = [
  `INSERT INTO ord_hdr (tot_amt) VALUES (1), (2);
   INSERT INTO pymt (ord_id, mthd_cd, amt, stat_cd, pymt_dt) VALUES
     (1, 'C', 139.12, 'P', '2010-12-01 08:26:00.000001+00'), (2, 'I', -0.05, 'R', '2010-12-01 08:26:00.5+00'),
     (2, 'K', 999999999999.99, 'P', '2010-12-01 08:26:00+00')`,
  `INSERT INTO payment (order_id, method, amount, status, paid_at) VALUES
     (1, 'card', 139.12, 'paid', '2010-12-01 08:26:00.000001'), (2, 'invoice', -0.05, 'refunded', '2010-12-01 08:26:00.5'),
     (2, 'cash', 999999999999.99, 'paid', '2010-12-01 08:26:00')`,
];
