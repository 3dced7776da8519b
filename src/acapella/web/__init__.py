"""The server: a page for people, and an API for programs, over the jobs of `jobs/`.

settings.py   ServerSettings    what the server is told
app.py        create_app        the application, from its parts
serving.py    serve             listens on an address until it is stopped
studio.py     Studio            the parts that requests need, and what they have in common
songs.py      Song              what the API says of a song
store.py      Store             songs and their states, in SQLite
files.py      SongFiles         uploads and stems, on the disk
uploads.py    receive           from a request's body to a song that waits
queue.py      SongQueue         waiting songs, fairly, to the processes that separate them
keeping.py    Keeper            what is done now and then: old songs go, songs that hang are ended
changes.py    Changes           which songs have changed, for those who watch
audio.py                        stems in other formats, mixes, zip files
waveforms.py, spectrograms.py   what is drawn of a stem
metrics.py                      counts in Prometheus' text format
security.py   Guard             who may ask: host, origin, token; headers of every answer
routes/                         the API, a file for each resource
page/                           the page: HTML, CSS and JavaScript modules
documentation/                  the API's documentation
"""
