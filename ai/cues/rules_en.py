"""How English-speaking hosts present a product, and how they speak of one without presenting it."""

from ai.cues.rules import Place, Rule

L, CL, AD, CR, R, AF = (
    Place.LEFT, Place.CLAUSE_LEFT, Place.ADJACENT, Place.CLAUSE_RIGHT, Place.RIGHT, Place.AFTER,
)  # fmt: skip

_KIN = (
    r"(?:mom|mum|mother|dad|father|sister|brother|husband|wife|boyfriend|girlfriend|friend|daughter|son|kids?"
    r"|grandma|grandmother|grandpa|roommate|dog|cat|neighbou?r|boss|aunt|uncle|cousin)"
)
_ADJ = r"(?:\w+[ -]){0,3}"

ENGLISH: tuple[Rule, ...] = (
    # Presenting.
    Rule("next in the show", L, 1.2, r"""
        \bnext up\b|\bup next\b|\bnext (?:item|one|product|thing|is|we have|i have|on)\b|\b(?:first
        |second|third|fourth|fifth|final|last) (?:up|item|one|product|thing|of|on|deal)\b|\bvery first\b
        |(?:^|[.,!?])\W?first(?:ly)?,? (?:we|i|let)|\bmoving on\b|\bmoving right along\b|\bnow (?:let|we|i|it|on|for
        |here|this|look|check|onto)\b|\blet(?:'?s| us) (?:start|begin|kick|move|talk|look|get|jump|take
        |check|see|open|go|dive|switch)\b|\bstart(?:ing)? (?:with|off)\b|\bkick(?:ing)? (?:off|things)\b
        |\btime for\b|\bthe big one\b|\bmain event\b|\bour (?:first|next|last|final|second|third)\b
        |\bfinally\b|\bas promised\b|\bhere we go\b|\bto (?:start|begin|kick)\b|\bopening with\b|\bswitching (?:to|over)\b
    """, "order", 0.8),
    Rule("shows it", L, 1.0, r"""
        \b(?:this|these) (?:right here )?(?:is|are)\b|\bhere (?:is|are|we have|comes?|it is|they are)\b
        |\bhere'?s\b|\b(?:want|going|gonna|like|love|excited|happy|here) to (?:show|introduce|present
        |share|talk about|bring|tell you about)\b|\bshow(?:ing)? you\b|\bintroduc(?:e|ing)\b
        |\bpresenting\b|\bcheck out\b|\btake a look\b|\blook at\b|\bfeast your eyes\b|\bsay hello to\b
        |\bmeet (?:the|our|my)\b|\bi have (?:got )?(?:here )?(?:the|this|these|our|a|it)\b|\bi'?ve got\b
        |\bwe have (?:the|this|these|our|here)\b|\bwe'?ve got\b|\bbring(?:ing)? you\b|\blet me (?:grab
        |show|introduce|bring|tell|open|get|pull|put on|try|wear|pour|taste|demo)\b|\bi(?:'?m| am) (?:holding|wearing|using)\b
        |\bspeaking of\b|\b(?:feature|show|present|include|try) (?:you )?this\b
        |\bi promised (?:you|my)\b|\byou asked for\b|\bin my hands?\b
        |\bwelcome\b.{0,10}\bto the (?:stage|table)\b
    """, "bring", 0.8),
    Rule("on stage", L, 0.8, r"""
        \bdrum ?roll\b|\bsomething (?:\w+ ){0,1}(?:special|tasty|sweet|new|different|fun|else|cozy|warm|salty|useful|nice|for)\b
        |\byou know what time\b|\bget ready for\b|\blast but not least\b|\bbest ?sellers?\b|\bbrand new\b
        |\bwe begin\b|\bwe'?re going (?:straight )?(?:in)?to\b|\bgoing straight\b|\bswitching gears\b|\blaunching\b
        |\bgood news\b|\bbegging for\b|\bwaiting for this\b|\bon to\b|\blet me tell you about\b|\bhow about some\b
        |\bit is called\b|\bit'?s called\b|\bup on your screen\b|\bthere it is\b
    """, "stage", 0.9),
    Rule("is here", AF, 1.0, r"""
        \W{0,2}(?:is|are) open\b|\W{0,2}(?:goes|go|returns)\b(?! (?:live|well|great|on sale))
    """, "arrive"),
    Rule("is here", R, 1.6, r"""
        \b(?:it is|it'?s|they are|they'?re) (?:finally |now |right )?(?:here|live|open|up)\b|\bhere (?:it is|they are)\b
    """, "arrive"),
    Rule("now", AF, 1.2, r"\W{0,2}(?:right |live )?now\b", "now"),
    Rule("for whom", L, 0.7, r"""
        \bdo you still\b|\btired of\b|\bwhere are you\b|\bwhat is in the\b|\bonly on my\b|\bfor the \w+ people\b
        |\bwant (?:clear|soft|better|more|a)\b
    """, "audience", 0.9),
    Rule("is here", AF, 1.0, r"""
        \W{0,2}(?:is|are) (?:finally |now |right )?(?:here|back|live|up|on sale|available|in stock
        |in the house|on screen|linked|yours)\b|\W{0,2}(?:is|are) (?:finally|now|officially)\b
        |\W{0,2}(?:just dropped|just landed)\b
    """, "arrive"),
    Rule("this one", AD, 0.8, r"""
        \b(?:this|these)(?: is| are)?(?: right here)?(?: the| our| my| a| an)?,?[ ]
    """ + _ADJ, "this"),
    Rule("ours", AD, 0.1, r"\b(?:our|the) (?:\w+ ){0,2}", "ours"),
    Rule("obsessed", CL, 0.5, r"""
        \b(?:obsessed|in love) with (?:this|these|our|the)\b|\bfavou?rite\b|\bmust[- ]have\b
        |\bgame changer\b
    """, "praise"),
    Rule("look here", L, 0.8, r"""
        \b(?:listen up|pay attention|heads up|eyes (?:up|on)|look here|over here|you (?:need|have got
        |gotta|are going to|will|'ll) (?:love |want |need |to )?|this (?:one )?is for you
        |this one'?s for)\b|\bfor (?:all )?(?:my|the|our|you|those|everyone|anyone|anybody) \w+
        |\bif you (?:want|love|like|need|are|have|hate|travel|struggle|'re)\b
    """, "audience", 0.8),
    Rule("take one", AD, 0.8, r"""
        \b(?:grab|get|try|pick up|snag|add|take|buy|order|cop|treat yourself to|go for|you need|you want
        |upgrade to|check)(?: yourself| yourselves| home)?(?: one of| a bag of| a box of| a pair of
        | a set of| a bottle of)?(?: the| this| these| our| a| an| your| some| my)?[ ]
    """ + _ADJ, "take"),
    Rule("price named", R, 0.8, r"""
        \b(?:only|just|tonight|today|now|normally|usually|regular(?:ly)?|retail|was|goes for|costs?
        |priced|price|for)\b[^.]{0,25}(?:\d+|\b(?:nine|ninety|nineteen|twenty|thirty|forty|fifty|sixty
        |seventy|eighty|hundred)\b)|\d+ (?:dollars|bucks|yuan)|\$\d
    """, "offer"),
    Rule("offer", R, 0.6, r"""
        \bon sale\b|\bin stock\b|\blink\b|\bship(?:s|ping)? free\b|\bfree shipping\b|\bdiscount\b
        |\bper cent\b|\bpercent\b|\bhalf (?:price|off)\b|\bcomes? (?:in|with)\b|\bhere it is\b|\bdeal\b|\bcart\b
    """, "offer"),
    Rule("praised", R, 0.4, r"""
        \b(?:so|really|super|very|incredibly|amazing|perfect|gorgeous|lightweight|soft|no|never|every
        |without|fits?|feels?|smells?|tastes?|looks?|keeps?|lasts?|works?|made|it'?s|it|they|them|holds?
        |folds?|blocks?|helps?|gives?|packs?|stays?|how)\b
    """, "praise"),
    Rule("opened again", R, 2.4, r"""
        \bback in stock\b|\brestock(?:ed)?\b|\badd(?:ing|ed)? (?:\w+ )?more\b|\bre-?open|\b(?:is
        |are) back\b|\bone more time\b
    """, "again"),
    Rule("opened again", L, 1.8, r"""
        \b(?:is|are|it'?s) (?:finally )?back\b|\bfound (?:\w+ )?more\b
        |\b(?:\w+ )?more of the\b|\bback in stock\b|\brestocked\b
        |\bbring(?:ing)? back\b|\bback (?:again|by)\b
        |\bonce again\b|\bby popular demand\b|\bwe listened\b|\bback to the\b|\bgoing back to\b
    """, "again", 0.7),
    # Not presenting: later.
    Rule("later", L, -2.0, r"""
        \blater\b|\bcoming (?:up|soon)\b|\btomorrow\b|\bnext (?:week|time|show|stream|month|friday
        |monday|saturday|sunday)\b|\bin (?:about )?(?:a|an|\w+) (?:few |little )?(?:minutes?|hours?
        |while|bit|moment|days?|second)\b|\bhalf an hour\b|\bbring(?:ing)? out\b
        |\bsoon\b|\bstay (?:tuned|with|around|for|until|till|close)\b|\bstick (?:around|with)\b
        |\bat the end\b|\bsav(?:e|ing) the\b(?! best)|\bkeep (?:an eye|watching|your eyes)\b|\bwill (?:also )?(?:have
        |be|get to|show|cover|bring|come|talk|do)\b
        |\bwe'?ll (?:also )?(?:have|be|get to|show|cover|bring|come|talk|do|see)\b
        |\bi'?ll (?:also )?(?:have|be|get to|show|cover|bring|come|talk|do)\b|\bgoing to (?:get|have
        |see)\b|\bdon'?t (?:go|leave|worry|forget)\b|\bbefore (?:we|i)\b|\bafter (?:this|that
        |the break)\b|\bnot yet\b|\bwait for\b|\bsneak peek\b|\bthis (?:weekend|friday
        |saturday|sunday)\b
    """, "later", 0.35),
    Rule("later", R, -1.6, r"""
        \blater\b|\bcoming (?:up|soon)\b|\btomorrow\b|\bnext (?:week|time|show|stream|month)\b
        |\bin (?:about )?(?:a|an|\w+) (?:few |little )?(?:minutes?|hours?)\b|\bsoon\b|\bstay (?:tuned
        |with me|around)\b|\bstick around\b|\bat the end\b|\b(?:will|'ll) be (?:up|here|back|on
        |available|coming)\b|\bget to (?:that|it|those|them)\b|\bnot (?:yet|tonight|today)\b
        |\buntil (?:\w+ )?(?:week|month|year|show|mon|tues|wednes|thurs|fri|satur|sun|january|february|march|april|may|june|july
        |august|september|october|november|december|spring|summer|autumn|fall|winter|then)
        |\bset (?:your|an) alarm\b|\bdrops? (?:on|at|this|next)\b|\b(?:comes?|goes
        |launch(?:es)?) (?:out |up |live |back )?(?:on|at|next|this)\b
    """, "later"),
    Rule("later", R, -1.8, r"""
        \bstill to come\b|\b(?:lined|queued) up\b|\bsecond half\b|\bfor the end\b|\bbut first\b
        |\bcomes? (?:right )?after\b|\bgoes live\b|\bbefore we\b|\bbe patient\b|\bhang tight\b
    """, "later"),
    Rule("later", L, -1.6, r"""
        \bstill negotiating\b|\bcannot open\b|\bshould i bring\b|\bstill to come\b
    """, "later", 0.5),
    # Not presenting: past, gone.
    Rule("in the past", L, -1.7, r"""
        \byesterday\b|\blast (?:night|week|time|month|year|show|stream|friday|monday|saturday|sunday
        |weekend)\b|\bearlier\b|\bago\b|\bpreviously\b|\balready\b|\bused to\b|\bwe (?:had|did|sold
        |showed|talked|covered|saw|featured)\b|\bi (?:had|did|sold|showed|talked|wore|bought|tried|lost
        |forgot|left|used|mentioned|gave|ordered)\b|\byou (?:guys )?(?:bought|loved|ordered|got|asked
        |missed)\b|\bsome of you\b|\bremember (?:the|when|that|those)\b|\bwe were\b|\b(?:that|those) (?:was|were)\b
        |\bthose of you who (?:bought|got|ordered)\b|\bif you (?:bought|got|ordered|missed)\b
    """, "past", 0.3),
    Rule("in the past", CR, -1.4, r"\b(?:has |have )?ended\b|\b(?:is|are) over\b", "past"),
    Rule("in the past", CR, -1.6, r"""
        \byesterday\b|\blast (?:night|week|time|month|year|show|stream|weekend|friday)\b|\bearlier\b
        |\bago\b|\bwe (?:had|did|sold|showed|talked|covered)\b|\b(?:was|were) (?:a|the|so|such|our|great
        |amazing|gone|popular)\b|\bthat'?s it for\b
    """, "past"),
    Rule("in the past", L, -1.5, r"""
        \bwho(?:ever|) (?:bought|ordered)\b|\bwe started\b|\byears\b.{0,10}\bi\b|\beverything about\b|\b(?:her|his|their)\b
    """, "past", 0.3),
    Rule("finished", L, -1.4, r"""
        \bthat'?s (?:it|all|everything|a wrap) (?:for|on|about|from)\b|\b(?:done|finished|wrapp(?:ed
        |ing)(?: up)?) (?:with)?\b|\bthat (?:wraps up|concludes|ends|does it for|was (?:the|our))\b
        |\bthank(?:s| you)(?: \w+){0,3} for (?:buying|ordering|grabbing|getting|purchasing|picking|trying)\b
        |\bclosing (?:out )?(?:the|our)\b|\bso much for\b
        |\benough about\b
    """, "past", 0.3),
    Rule("sold out", R, -2.2, r"""
        \bsold out\b|\b(?:is|are|all|was|were) gone\b|\bout of stock\b|\bunavailable\b|\bno longer\b
        |\bdiscontinued\b|\bnot (?:available|for sale|on sale|in stock)\b|\bran out\b
        |\bsold (?:so )?(?:fast|quickly|through)\b|\bnone left\b|\bwon'?t be\b|\bback ?order|\bstuck (?:at|in|on)\b
        |\bdelayed\b|\b(?:has|have)(?:n'?t| not) (?:arrived|come|shipped)\b
        |\b(?:will not|won'?t|don'?t|do not|not) (?:have|carry) (?:it|them|that|those|any)\b|\bflew off\b|\bbefore i could\b
    """, "gone"),
    Rule("sold out", L, -1.6, r"""
        \bsold out of\b|\bran out of\b|\bout of\b|\bno more\b|\bdon'?t have\b|\bdo not have\b
        |\bno longer\b|\bwithout (?:the|my|a)\b|\bwaiting (?:list|for|on)\b
    """, "gone", 0.4),
    # Not presenting: asked.
    Rule("a viewer asks", L, -1.8, r"""
        \b(?:someone|somebody|people|viewer|everyone|everybody|you|he|she|they|\w+) (?:is |are |just[ ]
        |keeps? |was |were )?ask(?:ed|ing|s)\b|\bquestions?\b|\bwondering\b|\bi see (?:you|someone
        |a lot)\b|\bin the (?:chat|comments)\b|\bcomments?\b|\bwants? to know\b|\brequest(?:ed|ing|s)?\b
        |\b(?:some(?:one|body)|some of you|anyone|anybody) (?:said|says|wants?|prefers?)\b
        |\bdo (?:we|you) (?:still )?have\b|\bis there\b|\bare there\b
        |\bwhere (?:is|are)\b|\b(?:what|how) about (?:the|your|those|that)\b|\bwhen (?:is|are|will|do|does|can)\b
    """, "asked", 0.7),
    # Not presenting: compared.
    Rule("compared", CL, -1.8, r"""
        \bunlike\b|\b(?:than|versus|vs|compared (?:to|with)|similar to|same as|different from|instead of
        |rather than|as (?:good|big|soft|nice|warm|light|small|large|fast|quiet) as|not (?:the|a|an|our
        |as|like)|isn'?t (?:the|a|like)|go(?:es)? (?:(?:so|really|very|quite|super|well|great|perfectly|nicely|beautifully) )*with
        |pairs? (?:\w+ ){0,2}with|works? (?:\w+ ){0,2}with|matches|match|next to|(?:just|and|much|more|kind of) like
        |looks like|reminds? me of|replaces?
        |replacement for|difference between|forget (?:the|about|your)|not to be confused|besides|except
        |apart from|alongside|together with|along with|on top of|over the|under the|after (?:the|your
        |using)|before (?:the|your))\b(?: \w+){0,3}
    """, "compared"),
    Rule("used with", AD, -1.0, r"""
        \b(?:under|over|inside|into|onto|in|behind|beneath) (?:my|your|a|an)(?: old| own| new)?[ ]
    """, "compared"),
    Rule("a viewer asks", L, -2.4, r"""
        \b(?:asks?|asked|asking|wonders?|wondering|wants? to know|curious)[ ]
        (?:me |us |again )?(?:if|whether|about|for|when|why|how)\b
    """, "whether", 0.6),
    Rule("a viewer asks", L, -1.6, r"""
        \b(?:\w+bod(?:y|ies)|\w+one|they|you|he|she|people|chat) (?:just )?(?:said|says|say|wrote|writes)\b
    """, "asked", 0.5),
    Rule("compared", L, -1.5, r"\bcompar(?:e|es|ed|ing|ison)\b", "compared", 0.8),
    Rule("a viewer asks", R, -1.5, r"""
        \b(?:you|people|some(?:one|body)?|many|they) (?:\w+ )?ask(?:ed|ing|s)? (?:me |us )?(?:about|for|if|that)\b
    """, "asked"),
    Rule("a viewer asks", L, -1.8, r"""
        \b\w+ (?:says?|said|writes?|wrote|asks?|wants?) (?:(?:that |if |whether )?(?:he|she|they)\b|for the|about the|to know)
    """, "asked", 0.6),
    Rule("compared", R, -1.3, r"\bwould (?:also )?(?:do|be enough|suffice|work too)\b", "compared"),
    Rule("a viewer asks", R, -1.5, r",? (?:asks|wonders|wrote)\b", "asked"),
    Rule("a viewer asks", L, -1.4, r"""
        \btyping\b|\btype (?:one|two|a|an|yes|in)\b|\bshould (?:we|i)\b|\blet me know\b|\bwho (?:wants|voted|bought)\b
        |\bpolls?\b|\bvot(?:e|ed|ing)\b|\bi hear you\b|\bwhy is everybody\b|\b(?:can|is|does|will) (?:i|it|the)\b
    """, "asked", 0.6),
    Rule("another's", CL, -1.5, r"\bother (?:streams?|brands?|shops?|stores?|sellers?|people)\b|\belsewhere\b", "another's"),
    Rule("compared", CL, -1.4, r"""
        \bpay more for\b|\bthink of it as\b|\bthrow away\b|\b(?:your|my|an) old\b|\b(?:half|twice) the \w+ of\b
        |\bconfuse(?:d)? it\b|\bbrother of\b
    """, "compared"),
    Rule("compared", AF, -1.4, r"""
        \W{0,2}(?:and this|is (?:a |an )?(?:\w+ )?different|versus|vs|is (?:not|n't) (?:the same|ours)|looks similar
        |but (?:smaller|bigger|better|cheaper|different))
    """, "compared"),
    # Not presenting: stories, conditions, gifts.
    Rule("a story", CL, -1.5, rf"""
        \bmy (?:\w+ )?{_KIN}\b(?!.{{0,12}}\bfor you\b)|\bwhen i was\b|\bi remember\b|\bone time\b
        |\bthe other day\b|\bonce\b(?! again)|\bback home\b|\bevery (?:night|morning|day) i\b
    """, "story"),
    Rule("a story", AF, -0.8, rf"\W{{0,2}}(?:that|which)? ?(?:my|his|her|their) {_KIN}\b", "story"),
    Rule("a gift with it", CL, -1.4, r"""
        \bfree (?!shipping)|\bgift with\b|\bcomes? with (?:a|an|the)\b|\bthrow(?:ing)? in\b|\bbonus\b
        |\bgiveaway\b|\bwin (?:a|an|the)\b|\bgiving away\b|\bbundle
    """, "gift"),
    Rule("a gift with it", R, -1.0, r"\bfor free\b", "gift"),
    Rule("a gift with it", L, -1.2, r"\bto win\b|\bevery order\b|\bcomment below\b", "gift", 0.8),
    Rule("not this", AF, -1.3, r"\W{0,2}(?:behind me|i have on|i am wearing|on my (?:wall|desk))\b", "not"),
    Rule("not this", L, -1.3, r"\boops\b|\bwrong link\b|\blink (?:goes|went|belongs) to\b", "not", 0.9),
    Rule("not this", R, -1.5, r"\bwrong (?:one|link|item|product)\b|\bignore (?:it|that)\b|\bdon'?t click\b", "not"),
    Rule("not this", CL, -1.4, r"""
        \b(?:please )?(?:don'?t|do not) (?!miss|sleep|forget|wait|worry|walk|go|blink|leave|overlook|underestimate|pass|think|let)
        \w+ (?:\w+ )?(?:the|your|our|this|that|these|those|a)\b
    """, "not"),
    Rule("not this", R, -1.8, r"""
        \b(?:not|isn'?t|aren'?t|won'?t be) (?:be )?(?:showing|selling|opening|doing|featuring|bringing|offering|part of
        |happening)\b
        |\b(?:no|not)[,.]? that one\b
    """, "not"),
    Rule("not this", CL, -1.3, r"""
        \bnot (?:selling|talking|showing|doing|the)\b|\bisn'?t\b|\bdon'?t (?:buy|get|need|want)\b
        |\bcan'?t\b|\bnever\b|\bwish (?:i|we)\b|\bnot going to\b|\bskip(?:ping)?\b
    """, "not"),
    Rule("not this", CR, -1.3, r"""
        ^\W{0,2}(?:(?:is|are) not|isn'?t|aren'?t|isn t|we (?:don'?t|do not|won'?t)|so i (?:cannot
        |can'?t))
    """, "not"),
)  # fmt: skip
