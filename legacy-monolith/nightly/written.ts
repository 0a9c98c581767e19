/** A product as a committed transaction of the job left it. */
export interface Written {
  prodId: number;
  unitPrc: string;
  qtyOh: number;
}
