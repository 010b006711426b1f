import {
  createRouter,
  createWebHistory,
  type RouteLocationNormalized,
  type RouteRecordRaw,
} from 'vue-router'
import { prefetchOpenCases, prefetchRoom } from '@/api/prefetch'
import type { Role } from '@/api/types'
import { loadMessages } from '@/i18n'
import { session } from '@/session/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Areas of `i18n/locales/<locale>/` that the page needs beside `common`. */
    messages?: string[]
    /** Key of the document title. */
    title?: string
    /** Who may enter: anybody logged in, or one of these roles. */
    requires?: 'user' | Role[]
    /** Starts what the page asks for first, while the server still says who enters. */
    prefetch?: () => void
  }
}

const console = () => import('@/layouts/ConsoleLayout.vue')

const routes: RouteRecordRaw[] = [
  {
    path: '/',
    name: 'home',
    component: () => import('@/pages/home/HomePage.vue'),
    meta: { messages: ['home'] },
  },
  {
    path: '/rooms/:id',
    name: 'room',
    component: () => import('@/pages/room/RoomPage.vue'),
    // Asked for while the page's code is still on its way: the picture comes sooner.
    beforeEnter: (to) => prefetchRoom(String(to.params.id)),
    meta: { messages: ['room'] },
  },
  {
    path: '/login',
    name: 'login',
    component: () => import('@/pages/account/AccountPage.vue'),
    props: { mode: 'login' },
    meta: { title: 'common.account.login' },
  },
  {
    path: '/register',
    name: 'register',
    component: () => import('@/pages/account/AccountPage.vue'),
    props: { mode: 'register' },
    meta: { title: 'common.account.register' },
  },
  {
    path: '/studio',
    component: console,
    meta: {
      messages: ['studio', 'room', 'assistant'],
      requires: ['host'],
      title: 'common.nav.studio',
    },
    children: [
      { path: '', name: 'studio', component: () => import('@/pages/studio/StudioPage.vue') },
      {
        path: ':id',
        name: 'studio-room',
        component: () => import('@/pages/studio/StudioRoomPage.vue'),
      },
      {
        path: ':id/insights',
        name: 'studio-insights',
        component: () => import('@/pages/studio/insights/InsightsPage.vue'),
      },
    ],
  },
  {
    path: '/moderation',
    component: console,
    meta: {
      messages: ['moderation', 'assistant'],
      requires: ['moderator'],
      title: 'common.nav.moderation',
    },
    children: [
      {
        path: '',
        name: 'moderation',
        component: () => import('@/pages/moderation/ModerationPage.vue'),
        meta: { prefetch: prefetchOpenCases },
      },
      {
        path: 'appeals',
        name: 'moderation-appeals',
        component: () => import('@/pages/moderation/AppealsPage.vue'),
      },
      {
        path: 'sanctions',
        name: 'moderation-sanctions',
        component: () => import('@/pages/moderation/SanctionsPage.vue'),
      },
      {
        path: 'policy',
        name: 'moderation-policy',
        component: () => import('@/pages/moderation/PolicyPage.vue'),
      },
      {
        path: 'audit',
        name: 'moderation-audit',
        component: () => import('@/pages/moderation/AuditPage.vue'),
        meta: { requires: ['admin'] },
      },
    ],
  },
  {
    path: '/merchant',
    component: console,
    redirect: { name: 'merchant-products' },
    meta: { messages: ['merchant', 'assistant'], requires: ['merchant'] },
    children: [
      {
        path: 'products',
        meta: { title: 'common.nav.products' },
        children: [
          {
            path: '',
            name: 'merchant-products',
            component: () => import('@/pages/merchant/MerchantProductsPage.vue'),
          },
          {
            path: ':id',
            name: 'merchant-product',
            component: () => import('@/pages/merchant/ProductEditorPage.vue'),
            props: true,
          },
        ],
      },
      {
        path: 'promotions',
        name: 'merchant-promotions',
        component: () => import('@/pages/merchant/PromotionsPage.vue'),
        meta: { title: 'merchant.nav.promotions' },
      },
      {
        path: 'after-sales',
        name: 'merchant-after-sales',
        component: () => import('@/pages/merchant/AfterSalesPage.vue'),
        meta: { title: 'merchant.nav.after_sales' },
      },
      {
        path: 'shipping',
        name: 'merchant-shipping',
        component: () => import('@/pages/merchant/ShippingPage.vue'),
        meta: { title: 'merchant.nav.shipping' },
      },
      {
        path: 'books',
        name: 'merchant-books',
        component: () => import('@/pages/merchant/BooksPage.vue'),
        meta: { title: 'merchant.nav.books' },
      },
      {
        path: 'questions',
        name: 'merchant-questions',
        component: () => import('@/pages/merchant/QuestionsPage.vue'),
        meta: { title: 'merchant.nav.questions' },
      },
      {
        path: 'policies',
        name: 'merchant-policies',
        component: () => import('@/pages/merchant/MerchantPoliciesPage.vue'),
        meta: { title: 'merchant.nav.policies' },
      },
      {
        path: 'orders',
        name: 'merchant-orders',
        component: () => import('@/pages/merchant/MerchantOrdersPage.vue'),
        meta: { title: 'common.nav.orders' },
      },
    ],
  },
  {
    path: '/cart',
    name: 'cart',
    component: () => import('@/pages/cart/CartPage.vue'),
    meta: { messages: ['cart', 'orders'], title: 'common.nav.cart' },
  },
  {
    path: '/orders',
    name: 'orders',
    component: () => import('@/pages/orders/OrdersPage.vue'),
    meta: { messages: ['orders'], requires: 'user', title: 'common.nav.my_orders' },
  },
  {
    path: '/orders/:id',
    name: 'order',
    component: () => import('@/pages/orders/OrderPage.vue'),
    meta: { messages: ['orders'], requires: 'user', title: 'common.nav.order' },
  },
  {
    path: '/appeals',
    name: 'appeals',
    component: () => import('@/pages/orders/AppealPage.vue'),
    meta: { messages: ['orders'], requires: 'user', title: 'orders.appeal.title' },
  },
  {
    path: '/addresses',
    name: 'addresses',
    component: () => import('@/pages/orders/AddressesPage.vue'),
    meta: { messages: ['orders'], requires: 'user', title: 'orders.addresses.title' },
  },
  {
    path: '/account',
    name: 'account',
    component: () => import('@/pages/account/SettingsPage.vue'),
    meta: { messages: ['account'], requires: 'user', title: 'common.nav.account' },
  },
  {
    path: '/admin',
    component: console,
    meta: { messages: ['admin', 'assistant'], requires: ['admin'], title: 'common.nav.accounts' },
    children: [
      { path: '', name: 'admin', component: () => import('@/pages/admin/AccountsPage.vue') },
    ],
  },
  {
    path: '/:pathMatch(.*)*',
    name: 'not-found',
    component: () => import('@/pages/NotFoundPage.vue'),
    meta: { title: 'common.not_found.title' },
  },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

/** Texts are fetched while the page's own chunk is; the guard below waits for both. */
let messages: Promise<void> = Promise.resolve()

/** The router itself would ask for a page's code only once every guard has let it in. */
function fetchCode(to: RouteLocationNormalized): void {
  for (const { components } of to.matched) {
    const page: unknown = components?.default
    if (typeof page === 'function') page().catch(() => {})
  }
}

router.beforeEach(async (to) => {
  messages = loadMessages(...to.matched.flatMap((record) => record.meta.messages ?? []))
  const { requires, prefetch } = to.meta
  if (!requires) return
  prefetch?.()
  fetchCode(to)
  const me = await session.load().catch(() => null)
  if (!me) return { name: 'login', query: { next: to.fullPath } }
  if (requires !== 'user' && !session.has(...requires)) {
    return { name: 'login', query: { next: to.fullPath, denied: '1' } }
  }
})

router.beforeResolve(() => messages)
