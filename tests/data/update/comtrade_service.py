"""A service that answers like that of UN Comtrade."""

import gzip
import json

from update_service import Answer

HEADER = "typeCode\tfreqCode\trefYear\treporterCode\tflowCode\tpartnerCode\tclassificationCode\tcmdCode\tprimaryValue\n"


class Comtrade:
    """Lists and gives bulk files to whoever sends the key."""

    def __init__(self, service):
        self.service = service
        self.files = {
            year: gzip.compress((HEADER + f"C\tA\t{year}\t410\tX\t156\tH6\t854231\t1.0\n").encode())
            for year in (2022, 2023)
        }
        self.published = "2026-06-01T00:00:00"
        self.place = service.url
        service.routes["/bulk/v1/get/C/A/HS"] = self.list
        service.routes["/bulk/v1/file/"] = lambda path, query: Answer(self.files[int(path[-4:])], "application/gzip")
        korea = {
            "id": 410,
            "text": "Rep. of Korea",
            "reporterCode": 410,
            "reporterCodeIsoAlpha3": "KOR",
            "isGroup": False,
        }
        china = {"id": 156, "text": "China", "PartnerCode": 156, "PartnerCodeIsoAlpha3": "CHN", "isGroup": False}
        service.json("/files/v1/app/reference/Reporters.json", {"more": False, "results": [korea]})
        service.json("/files/v1/app/reference/partnerAreas.json", {"more": False, "results": [china]})

    def list(self, path, query):
        """Answer with the files of a reporter."""
        found = [
            {
                "rowKey": f"410{year}",
                "typeCode": "C",
                "freqCode": "A",
                "reporterCode": 410,
                "period": year,
                "classificationCode": "H6",
                "publicationDate": self.published,
                "fileUrl": f"{self.place}/bulk/v1/file/410/{year}",
            }
            for year in self.files
            if str(year) in query["period"].split(",")
        ]
        return Answer(json.dumps({"elapsedTime": "0.1 secs", "count": len(found), "data": found, "error": ""}).encode())
