"""A page to watch trainings and to try nets: ``caffepy board [FOLDER...]``.

Needs the extra ``board``; nothing here is imported before the command is called, and nothing
inside of caffepy imports it.

    shelf       which files of the given folders may be seen, by name
    asking      what a view is asked: a name's file, a number, a text, an upload
    answers     what a view returns: a page, JSON, CSV, a picture, bytes
    routes      which view stands at which address
    families    the families of views, and what the head of each page lists
    application the WSGI application: guards, the view, errors as pages
    guarding    token, host, headers
    templating  Jinja's environment: escaping, filters
    keeping     what was made of a file, until the file changes
    serving     the server, its address, its password

Each family is a folder (``runs``, ``net``, ``data``, ``results``, ``tries``) with ``routes.py``,
its views, and beside it small functions over files and nets, which tests call without a server.
``routes`` is imported when an address of the family is first asked for; addresses of a family all
begin with its path. What several families need (``models``, ``admitting``, ``working``) lies here.

A view
------

    from caffepy.board.answers import Answer, json, page
    from caffepy.board.asking import Ask
    from caffepy.board.routes import get, post

    @get("/net")
    def net(ask: Ask) -> Answer:
        path = ask.file("net")                      # of ?net=NAME; NotFound unless on the shelf
        return page("net/net.html", ask, title="Net", net=ask.text("net"), rows=layers(path))

    @get("/net/layer.json")
    def layer(ask: Ask) -> Answer:
        return json(layer_facts(ask.file("net"), ask.text("layer")))

Addresses are fixed words; what they are about is in the query (``?net=NAME&layer=conv1``), so that
no name has to survive as a part of a path. ``ask.url("/net", net=name)`` writes one; templates
have it as ``url("/net", net=name)``. All addresses lie below the board's token, which ``url``
puts in front: never write an address by hand.

A view gets an ``Ask``: ``text``, ``texts``, ``whole`` and ``number`` read the query (a form's
fields, too, of a POST), ``file`` and ``folder`` open a name of the shelf, ``upload`` reads a file
that was sent, ``one(Class)`` is the board's only object of a class, made as ``Class(shelf)`` when
first asked for: for what is remembered between requests. Views run in several threads at once;
what they share must bear that (``keeping.Kept`` does).

It returns what a function of ``answers`` makes. An error of the CaffeError family becomes a page,
or JSON's ``{"error": message}`` at an address that ends in .json: NotFound is 404, others 400.
Whatever else is raised is logged, and 500.

``post`` views may compute, but never write into the folders.

The shelf
---------

A name is what a visitor may say: the shelf's label of one of the given folders, and the way below
it: ``mnist/lenet_train.jsonl``. ``shelf.file(name)`` and ``shelf.folder(name)`` give the path, or
raise NotFound: for ``..``, absolute paths, what is not there, what is neither file nor folder,
and links that lead out of the folders. A path that comes from elsewhere, such as the ``source``
of a data layer, passes ``shelf.admit(path)`` before it is opened; ``shelf.name(path)`` is its
name, or None for one outside. ``shelf.walk()`` finds files.

Pages
-----

Templates lie in ``templates/FAMILY/*.html``, extend ``base.html`` and fill its block ``main``
(``scripts`` for own ones, ``looks`` for the styles of other views than runs). Everything is
escaped; ``|safe`` is for the project's own SVG alone. No
logic but loops and conditions: a view brings what is shown in the words it is shown in, or with
the filters ``number``, ``bytes``, ``duration``, ``ago``.

Static parts lie in ``static/``: ``url("/static/FAMILY.js")``. The Content-Security-Policy
allows scripts, styles, pictures and requests from the board alone: no inline script, no ``style=``,
no ``on...=`` attributes. Data reaches scripts in ``data-...`` attributes or as JSON by ``fetch``.
Scripts set ``textContent``, never ``innerHTML`` with a name in it.

A page works without JavaScript: what it tells stands in its HTML as text, tables (in a ``<div
class="wide">`` if they may be wide) and plain forms with GET; scripts add curves, zoom, live
numbers. Colours are the variables of ``static/board.css``, which knows dark and light.
"""
