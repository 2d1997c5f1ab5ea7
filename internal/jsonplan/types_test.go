//lint:file-ignore SA5008 odd tags are what is tested
//lint:file-ignore U1000 encoding/json must not see unexported fields either

package jsonplan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

type (
	everything struct {
		Str     string                     `json:"str"`
		Bool    bool                       `json:"bool,omitempty"`
		Int     int                        `json:"int"`
		Int8    int8                       `json:"int8"`
		Int16   int16                      `json:"int16"`
		Int32   int32                      `json:"int32"`
		Int64   int64                      `json:"int64"`
		Uint    uint                       `json:"uint"`
		Uint8   uint8                      `json:"uint8"`
		Uint16  uint16                     `json:"uint16"`
		Uint32  uint32                     `json:"uint32"`
		Uint64  uint64                     `json:"uint64"`
		Uintptr uintptr                    `json:"uintptr"`
		F32     float32                    `json:"f32"`
		F64     float64                    `json:"f64"`
		Bytes   []byte                     `json:"bytes"`
		Time    time.Time                  `json:"time"`
		Raw     json.RawMessage            `json:"raw"`
		Number  json.Number                `json:"number"`
		Any     any                        `json:"any"`
		PStr    *string                    `json:"pstr"`
		PPInt   **int                      `json:"ppint"`
		PTime   *time.Time                 `json:"ptime"`
		PRaw    *json.RawMessage           `json:"praw"`
		Strs    []string                   `json:"strs"`
		Ints    []int                      `json:"ints"`
		Arr     [3]int                     `json:"arr"`
		Map     map[string]string          `json:"map"`
		Counts  map[string]int             `json:"counts"`
		Byday   map[int]string             `json:"byday"`
		Raws    map[string]json.RawMessage `json:"raws"`
		Item    item                       `json:"item"`
		PItem   *item                      `json:"pitem"`
		Items   []item                     `json:"items"`
		ByName  map[string]item            `json:"byname"`
		Lists   [][]*string                `json:"lists"`
	}
	quotes struct {
		S   string      `json:"s,string"`
		B   bool        `json:"b,string"`
		I   int         `json:"i,string"`
		I8  int8        `json:",string"`
		U   uint        `json:"u,string"`
		U16 uint16      `json:"u16,omitempty,string"`
		F   float64     `json:"f,string"`
		F32 float32     `json:"f32,string"`
		P   *int        `json:"p,string"`
		PB  *bool       `json:"pb,string"`
		PP  **int       `json:"pp,string"`
		L   []int       `json:"l,string"`
		N   json.Number `json:"n,string"`
		T   time.Time   `json:"t,string"`
		H   valueHook   `json:"h,string"`
		X   textHook    `json:"x,string"`
		NK  namedInt    `json:"nk,string"`
	}

	namedString string
	namedInt    int16
	namedBool   bool
	namedFloat  float32
	namedBytes  []byte
	namedByte   uint8
	namedMap    map[namedString]namedInt
	namedSlice  []namedInt
	namedPtr    *int
	namedTime   time.Time
	namedNumber json.Number
	namedRaw    json.RawMessage
	namedAny    any
	named       struct {
		S  namedString
		I  namedInt
		B  namedBool
		F  namedFloat
		Y  namedBytes
		YY []namedByte
		M  namedMap
		L  namedSlice
		P  namedPtr
		T  namedTime
		N  namedNumber
		R  namedRaw
		A  namedAny
	}

	Base struct {
		ID   string `json:"id"`
		Name string
		Deep int `json:"deep"`
	}
	Other struct {
		Name string
		ID   int `json:"ID"`
		Deep int
		Only bool
	}
	Tagged struct {
		X string `json:"Name"`
	}
	inner struct {
		Shown  int
		hidden int
		Name   string
	}
	innerHooks struct {
		When time.Time
		H    valueHook
		L    []textHook
		R    json.RawMessage
	}
	embedsHiddenHooks struct {
		innerHooks
		Z int
	}
	innerPtr struct{ Via int }
	MyInt    int
	myInt    int

	embeds    struct{ Base }
	embedsPtr struct{ *Base }
	embedsTwo struct {
		Base
		Other
	}
	// Clash has a name that Base has too; an embedded pointer keeps vet from seeing it.
	Clash struct {
		Deep int `json:"deep"`
		C    int
	}
	embedsClash struct {
		*Base
		*Clash
	}
	embedsTag struct {
		Base
		Tagged
	}
	embedsShadow struct {
		Base
		Name int
		ID   []string `json:"id"`
	}
	embedsNamed struct {
		Base   `json:"base"`
		*Other `json:"other"`
	}
	embedsHidden struct {
		inner
		Z int
	}
	embedsHiddenPtr struct {
		*innerPtr
		Z int
	}
	embedsHiddenName struct {
		inner `json:"in"`
		Z     int
	}
	embedsInt struct {
		MyInt
		myInt
	}
	embedsPInt struct{ *MyInt }
	embedsDeep struct {
		embeds
		*embedsTwo
		Z string
	}
	embedsTwice struct {
		left
		right
	}
	left       struct{ common }
	right      struct{ common }
	common     struct{ Common, ID int }
	embedsTime struct{ time.Time }
	embedsAny  struct {
		io.Reader
		Z int
	}
	embedsSelf struct {
		*embedsSelf
		A int
	}
	EmbedsPtrs struct {
		*EmbedsLevel
		B int
	}
	EmbedsLevel struct {
		*Base
		C int
	}
	embedsBadTag struct {
		Base `json:"a\"b"`
		Z    int `json:"z,string,omitempty"`
	}

	tags struct {
		A string `json:"-"`
		B string `json:"-,"`
		C string `json:""`
		D string `json:",omitempty"`
		E string `json:"e f"`
		F string `json:"a\"b"`
		G string `json:"x\\y"`
		H string `json:"é"`
		I string `json:"<&>!#$%()*+-./:;=?@[]^_{|}~"`
		K string
		L string `json:"K"`
		M string `yaml:"m"`
		O string `json:"日本"`
		P string `json:" "`
		Q string `json:"a,b"`
		r string
	}
	folds struct {
		Key    string
		KEY    string
		Key2   string `json:"key2"`
		KEY2   string `json:"KEY2"`
		Kelvin string `json:"\u212a"`
		Long   string `json:"ſs"`
		ÉÉ     string
		Σ      string
	}
	fieldless struct{}
	unset     struct {
		C chan int
		F func()
		E error
		R io.Reader
		Z complex128
		I int
	}

	list struct {
		V    int
		Next *list
	}
	tree struct {
		V    string          `json:"v"`
		Kids []tree          `json:"kids"`
		By   map[string]tree `json:"by"`
		Up   *tree           `json:"up"`
	}
	selfSlice []selfSlice
	selfMap   map[string]selfMap

	big1 struct {
		Pad [40]int64
		S   []big1Elem
	}
	big1Elem struct {
		Pad [50]string
		X   int
	}
	twoDim struct {
		A [2][2]int
		B [][2]string
		C [2][]int
		D [0]int
		E [2]*int
		F [3]byte
	}
	anon struct {
		In struct {
			A int
			B struct{ C []struct{ D string } }
		}
		P *struct{ E int }
	}
	anonTime struct {
		V struct{ time.Time }
		P *struct{ time.Time }
		L []struct{ time.Time }
		Q []*struct{ valueHook }
	}
	std struct {
		I  big.Int       `json:"i"`
		PI *big.Int      `json:"pi"`
		A  netip.Addr    `json:"a"`
		D  time.Duration `json:"d"`
		E  io.Reader     `json:"e"`
	}
)

// valueHook counts what it is called with; its method is on the value's pointer.
type valueHook int

func (h *valueHook) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"bad`) {
		return errors.New("bad")
	}
	*h = valueHook(int(*h)*100 + len(text))
	return nil
}

// mapHook has its method on the value.
type mapHook map[string]int

func (h mapHook) UnmarshalJSON(text []byte) error {
	if h != nil {
		h[string(text)]++
	}
	return nil
}

// partHook leaves something even when it fails.
type partHook struct{ Got []string }

func (h *partHook) UnmarshalJSON(text []byte) error {
	h.Got = append(h.Got, string(text))
	if text[0] == '1' {
		return fmt.Errorf("part %s", text)
	}
	return nil
}

type textHook struct{ S string }

func (h *textHook) UnmarshalText(text []byte) error {
	if string(text) == "bad" {
		return errors.New("bad text")
	}
	h.S += "<" + string(text) + ">"
	return nil
}

// sliceText is a slice by kind: null empties it.
type sliceText []string

func (h *sliceText) UnmarshalText(text []byte) error {
	*h = append(*h, string(text))
	return nil
}

// bothHooks has a text method that must not be called.
type bothHooks struct{ S string }

func (h *bothHooks) UnmarshalJSON(text []byte) error { h.S = "json " + string(text); return nil }
func (h *bothHooks) UnmarshalText([]byte) error      { return errors.New("not this one") }

type textKey struct{ N int }

func (k *textKey) UnmarshalText(text []byte) (err error) {
	k.N, err = strconv.Atoi(string(text))
	return err
}

type stringTextKey string

func (k *stringTextKey) UnmarshalText(text []byte) error {
	*k = stringTextKey("k:" + string(text))
	return nil
}

type hooks struct {
	V   valueHook                `json:"v"`
	PV  *valueHook               `json:"pv"`
	M   mapHook                  `json:"m"`
	P   partHook                 `json:"p"`
	T   textHook                 `json:"t"`
	PT  *textHook                `json:"pt"`
	PPT **textHook               `json:"ppt"`
	S   sliceText                `json:"s"`
	B   bothHooks                `json:"b"`
	L   []valueHook              `json:"l"`
	MV  map[string]partHook      `json:"mv"`
	K   map[textKey]int          `json:"k"`
	SK  map[stringTextKey]string `json:"sk"`
	A   [2]textHook              `json:"a"`
	I   int                      `json:"i"`
}

type embedsHook struct {
	valueHook
	Z int
}

type embedsHooked struct {
	Hooked partHook
	Base
	After int
}
