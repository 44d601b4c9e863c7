import time
from jupyter_deploy import *
from tests.helpers import *
def test_it(workspace, tiny_model, tiny_script):
    t=time.time()
    s=Model.deploy(workspace,"tiny-service",[tiny_model],InferenceConfig(str(tiny_script(READS_ITS_MODEL))))
    print(time.time()-t)
    s.wait_for_deployment(show_output=True)
    print(time.time()-t)
    print(post(s.scoring_uri), [(p.pid,p.cmdline()[-6:]) for p in processes_of(workspace)], time.time()-t)
    t=time.time()
    s.stop(); print("stop",time.time()-t)
