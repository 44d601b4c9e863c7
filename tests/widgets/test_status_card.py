from __future__ import annotations

from jupyter_deploy.widgets import StatusCard
from tests.helpers import wait_until
from tests.widgets.conftest import Deploy


def test_it_follows_what_happens_to_the_service_until_it_is_gone(deploy: Deploy, comms: None) -> None:
    service = deploy()
    card = StatusCard(service)
    picture, _panel = card.children
    assert "Healthy" in picture.value
    service.stop()
    wait_until(lambda: "Stopped" in picture.value)
    service.delete()
    wait_until(lambda: "deleted" in picture.value)
    bundle = card._repr_mimebundle_()
    assert bundle["text/plain"] == "noisy: deleted"
    assert "deleted" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    card.close()
