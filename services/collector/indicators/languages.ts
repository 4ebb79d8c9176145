/**
 * Acting words and asking words in languages other than English, each mapped to the English word that the joins use. A
 * sentence in such a language joins through its classes, its acting word and its values; its other words stay as they are.
 * The list is small on purpose: it has the common ways to order one of the known acts. A sentence in a language that is not
 * here, or without a known word, counts as not understood, and as a weak order if it holds a value.
 */
import { memo } from '../memo.ts'
import { actingRootOf, actionOf, imperativeOf, nounClasses, rootOf } from './lexicon.ts'

/** English word: its forms in German, Spanish, French, Italian, Portuguese, Dutch. Imperatives, infinitives, polite forms. */
const ACTS: Readonly<Record<string, string>> = {
  pay: 'zahle zahlen bezahle bezahlen begleiche begleichen paga pague pagar pagad payez payer paie réglez régler pagare pagate betaal betalen',
  transfer:
    'überweise überweisen transferiere transferieren transfiere transfiera transferir transférez transférer virez virer transferisci trasferisci trasferire bonifica transfira overmaken overboeken',
  send: 'sende senden schicke schicken versende verschicke verschicken übermittle maile mailen leite weiterleiten envía envia envíe envie enviar mande mandar reenvía reenvíe envoyez envoyer transmettez invia inviare inoltra stuur sturen verzend doorsturen encaminhe',
  share:
    'teile teilen comparte comparta compartir partagez partager condividi condividere compartilhe compartilhar deel delen',
  post: 'veröffentliche veröffentlichen kommentiere publica publique publicar comenta comente publiez publier commentez pubblica pubblicare plaats plaatsen',
  upload: 'hochladen lade hochzuladen sube suba subir téléversez téléverser carica caricare carregue uploaden',
  delete:
    'lösche löschen entferne entfernen borra borre borrar elimina elimine eliminar suprime suprima suprimir supprimez supprimer effacez effacer elimina eliminare cancella cancellare exclua excluir apague apagar verwijder verwijderen wis',
  invite: 'lade einladen invita invite invitar invitez inviter invitare convide convidar uitnodigen nodig',
  grant:
    'gewähre gewähren erlaube erlauben autorisiere autorisieren genehmige dé otorga otorgue autoriza autorice autorizar donnez donner accordez accorder autorisez autoriser acceptez concedi autorizza autorizzare conceda autorize geef',
  buy: 'kaufe kaufen bestelle bestellen compra compre comprar adquiere adquiera achetez acheter commandez commander acquista acquistare comprare koop kopen bestel',
  visit:
    'besuche besuchen klicke klicken rufe aufrufen visita visite visitar visitez visiter cliquez cliquer consultez haz pulsa accede acceda clicca visitare acesse clique bezoek bezoeken klik',
  open: 'öffne öffnen abre abra abrir ouvrez ouvrir apri aprire abra',
  download:
    'herunterladen downloade downloaden descarga descargue descargar téléchargez télécharger scarica scaricare baixe baixar',
  read: 'lesen prüfe prüfen leer revisa lisez lire vérifiez leggi leggere leia lees lezen',
  schedule:
    'plane planen vereinbare buche buchen reserviere reservieren programa programe programar agende agendar reserva reserve reservar planifiez planifier réservez programma pianifica prenota agende plan',
  run: 'führe ausführen starte starten installiere installieren ejecuta ejecute ejecutar instala instale instalar exécutez exécuter lancez installez installer esegui eseguire installa execute voer installeer',
  change:
    'ändere ändern aktualisiere aktualisieren setze ersetze cambia cambie cambiar modifica modifique modificar actualiza actualice modifiez modifier changez changer remplacez cambia cambiare modifica mude altere alterar wijzig wijzigen verander',
  create:
    'erstelle erstellen lege anlegen schreibe schreiben verfasse crea cree crear escribe escriba escribir créez créer rédigez écrivez ajoute crea creare scrivi crie criar escreva maak schrijf',
  add: 'füge hinzufügen ergänze añade añada añadir agrega agregue agregar ajoutez ajouter aggiungi aggiungere adicione adicionar voeg toevoegen',
  star: 'bewerte bewerten favorisiere califica puntúa notez étoilez valuta avalie',
  enter:
    'gib eingeben ingresa ingrese ingresar introduce introduzca rellena rellene saisissez entrez remplissez inserisci compila insira preencha vul',
  confirm: 'bestätige bestätigen confirma confirme confirmar confirmez confirmer conferma confermare bevestig',
  ignore: 'ignoriere ignorieren ignora ignore ignorar ignorez ignorare negeer',
}

/** English object word: its forms in those languages. */
const OBJECTS: Readonly<Record<string, string>> = {
  password: 'passwort kennwort contraseña clave mot-de-passe senha wachtwoord parola',
  file: 'datei dateien archivo fichero fichier file arquivo bestand',
  directory: 'verzeichnis ordner directorio carpeta répertoire dossier cartella pasta diretório',
  account: 'konto cuenta compte conto conta rekening',
  calendar: 'kalender calendario calendrier agenda calendário',
  event: 'termin termintitel evento événement rendez-vous afspraak kalendereintrag kalendertermin',
  key: 'schlüssel llave clef clé chiave chave sleutel',
  repository: 'repositorium repositorien depot repositorio dépôt repositório',
  email: 'nachricht correo courriel posta mensaje bericht',
  subject: 'betreff asunto objet oggetto assunto onderwerp',
  star: 'stern sterne estrella estrellas étoile étoiles stella stelle estrela ster',
  content: 'inhalt contenido contenu contenuto conteúdo inhoud',
}

/** Words that make a sentence a request in those languages. */
const ASKING = new Set(
  `bitte müssen muss musst sollten sollen sollst solltest dringend sofort umgehend por favor debe debes deben tiene tienes necesita necesitas hay inmediatamente veuillez
  merci devez doit dois faut immédiatement prego favore devi deve dovete deve precisa bisogna alstublieft moet moeten s'il svp`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

/** Chinese and Japanese acting and object words, found inside runs without spaces. */
const IDEOGRAPHIC: readonly (readonly [string, string])[] = Object.entries({
  pay: '支付 付款 缴费 缴纳 支払',
  transfer: '转账 转帐 汇款 轉帳 匯款 送金 振り込 振込',
  send: '发送 发邮件 寄送 转发 發送 寄給 发给 发到 送信 転送 送って',
  share: '分享 共享 共有',
  post: '发布 评论 發布 投稿 コメント',
  upload: '上传 上傳 アップロード',
  delete: '删除 删掉 移除 清空 刪除 削除',
  invite: '邀请 邀請 招待',
  grant: '授权 授予 批准 允许 授權 許可',
  buy: '购买 下单 买一 購買 購入',
  visit: '访问 浏览 点击 訪問 點擊 アクセス クリック',
  open: '打开 打開 開いて',
  download: '下载 下載 ダウンロード',
  read: '阅读 查看 读取 讀取 読んで 確認して',
  schedule: '安排 预订 预约 預訂 予約',
  run: '运行 执行 安装 運行 執行 安裝 実行 インストール',
  change: '修改 更改 更新 更换 變更 変更',
  create: '创建 新建 撰写 创造 建立 創建 作成',
  add: '添加 加入 新增 追加',
  star: '点赞 加星 星标 評価',
  enter: '填写 输入 填寫 入力',
  confirm: '确认 確認',
  ignore: '忽略 无视 無視',
  password: '密码 密碼 パスワード',
  file: '文件 檔案 ファイル',
  directory: '目录 文件夹 目錄 フォルダ ディレクトリ',
  account: '账户 账号 帐户 帳戶 口座 アカウント',
  calendar: '日历 日程 日曆 カレンダー',
  event: '活动 事件 会议 イベント 予定',
  key: '密钥 公钥 私钥 鍵',
  repository: '仓库 存储库 倉庫 リポジトリ',
  email: '邮件 邮箱 電子郵件 メール',
  subject: '主题 标题 主題 件名',
  content: '内容 內容',
}).flatMap(([english, forms]) => forms.split(' ').map((form) => [form, english] as const))
const IDEOGRAPHIC_ASKING = [
  '请',
  '請',
  '务必',
  '必须',
  '必須',
  '需要',
  '应该',
  '麻烦',
  '立即',
  'ください',
  '下さい',
  'してほしい',
  'すること',
  'しなさい',
]

/** Without accents: people leave them out, and forms differ by them. */
const bare = (word: string): string => word.normalize('NFD').replaceAll(/\p{M}/gu, '')

const TO_ENGLISH = new Map<string, string>()
for (const table of [ACTS, OBJECTS]) {
  for (const [english, forms] of Object.entries(table)) {
    for (const form of forms.split(' '))
      if (form !== '' && imperativeOf(bare(form)) === undefined) TO_ENGLISH.set(bare(form), english)
  }
}

/** Spanish and Italian put the object behind the verb: "cómprelo", "inviala". */
const CLITIC = /(?:me|nos|te|se)?(?:l[aeo]s?|li|gli)$/

const PLURAL = /(?:s|es|en)$/

/** The English meaning of a foreign word; undefined if unknown. French joins the object with a hyphen. */
export function englishOf(lower: string): string | undefined {
  if (lower.length < 3) return undefined
  const word = bare(lower)
  const found =
    TO_ENGLISH.get(word) ?? TO_ENGLISH.get(word.replace(PLURAL, '')) ?? TO_ENGLISH.get(word.split('-', 1)[0] ?? '')
  return found ?? (word.length > 5 ? TO_ENGLISH.get(word.replace(CLITIC, '')) : undefined)
}
export const asksInOtherLanguage = (lower: string): boolean => ASKING.has(lower)

/** The English words that a run of ideographs holds, and whether it asks. */
export function readIdeographs(run: string): { readonly english: readonly string[]; readonly asks: boolean } {
  const english: string[] = []
  for (const [form, word] of IDEOGRAPHIC) if (!english.includes(word) && run.includes(form)) english.push(word)
  return { english, asks: IDEOGRAPHIC_ASKING.some((word) => run.includes(word)) }
}

/** What a word means to the comparison. */
export interface Meaning {
  readonly root: string
  readonly classes: number
  readonly acts: boolean
}

const MEANINGS_MAX = 16_384
const REMEMBERED_CHARS_MAX = 64

/** Root, classes and whether it acts: of a word of any known language. Stemming is half of the work, so it is remembered. */
export const meaningOf = memo(
  (lower): Meaning => {
    const english = englishOf(lower)
    return english === undefined ? meaningOfWord(lower) : meaningOfEnglish(english)
  },
  MEANINGS_MAX,
  REMEMBERED_CHARS_MAX,
)

function meaningOfWord(lower: string): Meaning {
  const action = actionOf(lower)
  return { root: rootOf(lower), classes: (action?.classes ?? 0) | nounClasses(lower), acts: action !== undefined }
}

/** The same for an entry of the tables above: an entry under an acting word acts, whatever else its English word can be. */
export function meaningOfEnglish(english: string): Meaning {
  const action = Object.hasOwn(OBJECTS, english) ? undefined : imperativeOf(english)
  const root = action === undefined ? rootOf(english) : actingRootOf(english)
  return { root, classes: (action?.classes ?? 0) | nounClasses(english), acts: action !== undefined }
}
