"""The suite for providers, put together."""

import pytest

from ._answers import AnswerCases
from ._asking import Provider
from ._failures import FailureCases


class ProviderConformance(AnswerCases, FailureCases):
    """Inherit it and override the fixture `provider`; pytest then runs every case against your provider.

    ```python
    class TestMine(ProviderConformance):
        @pytest.fixture
        def provider(self) -> Provider:
            return Provider(wire=OpenAIWire(), model_at=lambda url: MyModel(url, key=KEY))
    ```
    """

    @pytest.fixture
    def provider(self) -> Provider:
        """What is tested."""
        raise NotImplementedError
