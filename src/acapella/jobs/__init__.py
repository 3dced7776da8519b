"""Songs as jobs: described first, then executed somewhere, and reported as events.

    job.py        Job, ModelChoice, Result     what is to be done with a song, and what came of it
    planning.py   find_songs, plan_jobs        from files and folders to jobs whose outputs do not meet
    events.py     Started … Failed             what happens to a job
    executor.py   Executor                     the protocol: jobs in, events out
    execution.py  execute                      one job, in this thread
    local.py      LocalExecutor                one job after the other, in this process
    processes.py  ProcessExecutor              several at a time, each in a process of its own
    worker.py     Worker                       such a process
    limits.py     Limits                       of the memory and time of a process
    ray.py        RayExecutor                  on the machines of a Ray cluster; only this file and the next know Ray
    ray_tasks.py  RayTasks                     calls of functions there: trainings, scores, corpora
    pool.py       ActorPool                    how many actors there are, and which are idle
    actor.py      Actor                        such an actor
    model_files.py                             model files on their way there
    manifest.py   Manifest                     what is done and what has failed, for the next run

Command line, web server and Python are clients of the same jobs.
"""
