rem The pool's media servers mark what they send. Run as administrator on one of: fe1.corp.contoso.com
wmic /namespace:\\root\cimv2 path MSFT_SIPPoolConfigSetting where "backend='sql1.corp.contoso.com\\rtc'" set ServerQoSEnabled=True
wmic /namespace:\\root\cimv2 path MSFT_SIPPoolConfigSetting where "backend='sql1.corp.contoso.com\\rtc'" get ServerQoSEnabled
rem Then restart: Media services of the pool
