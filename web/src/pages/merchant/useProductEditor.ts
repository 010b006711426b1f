import { computed, ref, shallowRef } from 'vue'
import { type MerchantProduct, type Stock, shop } from '@/api/merchant'
import type { Id } from '@/api/types'
import {
  emptyForm,
  formOf,
  type ProductForm,
  productInput,
  productPatch,
  skuInput,
  skuPatch,
  validate,
} from './productForm'

/** A product under edit: what is stored, what was typed, and the calls that lead from one to the other. */
export function useProductEditor() {
  const stored = shallowRef<MerchantProduct | null>(null)
  const form = ref<ProductForm | null>(null)
  const picture = shallowRef<File | null>(null)
  const untouched = ref('')
  const saving = ref(false)
  const tried = ref(false)
  const loadError = shallowRef<unknown>(null)
  const saveError = shallowRef<unknown>(null)

  const currency = computed(() => stored.value?.skus[0]?.currency ?? 'CNY')
  const problems = computed(() =>
    form.value ? validate(form.value, currency.value) : new Map<string, never>(),
  )
  /** Shown only after the first try: nobody likes to be told before having typed. */
  const errors = computed(() => (tried.value ? problems.value : new Map<string, never>()))
  const dirty = computed(
    () =>
      form.value !== null && (picture.value !== null || snapshot(form.value) !== untouched.value),
  )

  async function load(id: Id | null): Promise<void> {
    loadError.value = null
    if (id === null) return reset(null)
    if (stored.value?.id === id) return
    form.value = null
    try {
      reset(await shop.product(id))
    } catch (cause) {
      loadError.value = cause
    }
  }

  function reset(product: MerchantProduct | null): void {
    stored.value = product
    form.value = product ? formOf(product) : emptyForm()
    untouched.value = snapshot(form.value)
    tried.value = false
    saveError.value = null
  }

  /** The stored product; null when something is wrong, with what was stored so far taken over. */
  async function save(): Promise<MerchantProduct | null> {
    const typed = form.value
    if (!typed) return null
    tried.value = true
    saveError.value = null
    if (problems.value.size > 0) return null
    saving.value = true
    try {
      let product = stored.value ? await update(stored.value, typed) : await create(typed)
      stored.value = product
      if (picture.value) {
        product = await shop.setPicture(product.id, picture.value)
        picture.value = null
      }
      reset(product)
      return product
    } catch (cause) {
      saveError.value = cause
      return null
    } finally {
      saving.value = false
    }
  }

  const create = (typed: ProductForm) =>
    shop.createProduct({
      ...productInput(typed),
      skus: typed.skus.map((row) => skuInput(row, currency.value)),
    })

  async function update(before: MerchantProduct, typed: ProductForm): Promise<MerchantProduct> {
    let product = before
    const patch = productPatch(typed, before)
    if (Object.keys(patch).length > 0) product = await shop.updateProduct(before.id, patch)
    for (const row of typed.skus) {
      const sku = before.skus.find((known) => known.id === row.id)
      if (!sku) {
        product = await shop.addSku(before.id, skuInput(row, currency.value))
        continue
      }
      const changes = skuPatch(row, sku)
      if (changes) product = await shop.updateSku(sku.id, changes)
    }
    return product
  }

  /** A movement was stored: it shows at once, and what was typed meanwhile stays. */
  function stockChanged(stock: Stock): void {
    const figures = { available: stock.available, reserved: stock.reserved }
    const wasDirty = dirty.value
    if (stored.value) {
      stored.value = {
        ...stored.value,
        skus: stored.value.skus.map((sku) =>
          sku.id === stock.sku_id ? { ...sku, ...figures, on_hand: stock.on_hand } : sku,
        ),
      }
    }
    if (!form.value) return
    form.value.skus = form.value.skus.map((row) =>
      row.id === stock.sku_id ? { ...row, ...figures } : row,
    )
    if (!wasDirty) untouched.value = snapshot(form.value)
  }

  return {
    stored,
    form,
    picture,
    errors,
    dirty,
    saving,
    loadError,
    saveError,
    load,
    save,
    stockChanged,
  }
}

/** What of a form can be edited, as one comparable text. */
function snapshot(form: ProductForm): string {
  const skus = form.skus.map(({ available: _a, reserved: _r, key: _k, ...typed }) => typed)
  return JSON.stringify({ ...form, skus })
}
