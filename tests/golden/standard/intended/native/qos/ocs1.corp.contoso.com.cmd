rem The Standard Edition server marks the media it sends. Run as administrator on one of: ocs1.corp.contoso.com
wmic /namespace:\\root\cimv2 path MSFT_SIPPoolConfigSetting where "backend='(local)\\rtc'" set ServerQoSEnabled=True
wmic /namespace:\\root\cimv2 path MSFT_SIPPoolConfigSetting where "backend='(local)\\rtc'" get ServerQoSEnabled
rem Then restart: Media services of the server
